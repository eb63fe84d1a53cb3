// The certificate by which the computers of simulated worlds prove themselves to their vault: made once for
// this purpose, good for nothing else, valid from 2016 to 2099. Making a key pair anew for each world would
// take longer than the world.
#pragma once

#include <string_view>

namespace seedbed {

// PFX with an empty password, and the certificate alone; base64.
inline constexpr std::string_view kWorldCertificatePfx =
    "MIIJfwIBAzCCCTUGCSqGSIb3DQEHAaCCCSYEggkiMIIJHjCCA5IGCSqGSIb3DQEHBqCCA4MwggN/AgEAMIIDeAYJKoZIhvcN"
    "AQcBMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhbEo50XopXVAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQME"
    "ASoEEB4TRPTMmzZw9B6JUj+GazWAggMQKGKjsAUH8OPovKqQVeFM7l6AC4C+FIMn6f7rp6k5BoGUDaknMzh322QRd2eIgwrD"
    "eNNjWKZfc/n5N554x/lWlD2U1yygiSjUBLe4ULMDFQhe24CpEv3tmkpe0uiMY1NEXutWNP4OYjWV/rh16CEyBaCnzdCJ1U4x"
    "Ifr/xuwdP89ncMP9CmDBnTyUzghKUdnFojxEskMLENGeDopRJyHCgrt7rYyIfbRhD6ttiKjPXa2F5B0hhE53zIAN7PJ+FTxP"
    "33GKYX7DRlHT4QTlZeC27QObavk7FUq2Pw1fXwSsGUY/gJcJnbNI71oEh0qdZGREVZUpFcsWBUA+kk8uqyZGj0F+rM/VzJ9d"
    "Nao2TO+FX6V7TRIT/p9EH7Ta1OB4Q54ju+Nqg9JJsAsjFEvLquaIEOT2RkNBP6i6V93MVvLY9AyuORwbkfg9tipxcK/n/8qZ"
    "4NbgJHXABow3gV9jEpDbmuXygfbPLDwb7B3mknCV4lC5r0M2XhGnnVhPlSwsdDf1/NgNWDzp6qYxXbd7o9wKokz3TH9MSvuT"
    "lv+e7UTnBw/DnJnUgnVt+XOEK3ymMwx/7qObfJtoB/7crqOCfb7ql2cMGH6v3pE3GNRvnNf7aadftVnRhWVevK1ni0ySRfzZ"
    "gVz/t097P9jh/ZDm+/9wzxoiKf6r3uqH/qR3bJ3l45J2OJpx0SaZBNF95/qdw0qQyRPAKLTeGcdHZXJYRzSGGyPx6CLDpvjb"
    "OE3J4aCdTG4AVf1bw+MY0fAabAsfB/GKdNn5ZLW3S5IVL8YDo8eec29MRvqQpn/8NNELye/S2HdwKzmE0/LwS9dc5NnbhIsz"
    "qXHmYzyUXGl1ocfB4aCrKqHA4aOMTp5zsBI1sQ6oLKPj2qFxk71m5DJZJyfki/05JIW6wkk+TjPXvemQJhhb/KEOo1evtBcJ"
    "FsMiZKhUXZUBTqO5oX1g6d5G6hhMMWOXrCFPUNYWpaeE9gI97gpEySGriZyph1PWW0+NH7sxNMxbgts1RQZozZLzmo2lqc10"
    "aizvDS0GuYnfuMB3uqTcvzCCBYQGCSqGSIb3DQEHAaCCBXUEggVxMIIFbTCCBWkGCyqGSIb3DQEMCgECoIIFMTCCBS0wVwYJ"
    "KoZIhvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECEAWFysz4q8KAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQGmir"
    "AdgxLChzJLwbKPjbAASCBNAFL8LlfEUyFdstsysdfo1m4rhGnM8/7zWc5J0xviImXitfAHMezxLQ8d3GUGU/6o0g7pgUdpi5"
    "Y/8po+ezyq4weaZK6GryDpyusF9ys0sOzt5JOk5G+RhH1lKXm4JdXCzpKj+uV2XT7YP4NCtPvOrEsW17PKVLjTw9gSVRPFi+"
    "FC0X8HO3wP/umceiIe4U8jTnHuDa256e3J+j4wCmf6o4Ouj4HtAlCaOR2iifnNY8VnY+eIeMrbYl0PyaUvbd9oaHiBGSgVyT"
    "tdf2NpFY5sliZt7r/ewxvMvoEsciL4wAI1s1UYC+OHXkgHdm9GxVTCZMkMDww3kDngaTWIxkkSs3rXBlcxPyTCwxQuNcjcb8"
    "WvZH8ce5+aecfnryxB0Tmt6JE/hYQoXE5Nkq/SFnlYl/LkjgZSWt+RlfZANKF9I65sv4/4wZ6IQgz3XddDXh3GTMhweQ+Y6X"
    "czrNzUgYDfu8HMkdXl7YOw1mZlbo4Nh/CEhNTivLxCKvH2ef1BZw4luh2WFrhi5rQOxjIaka/FXFPGJgH/h4HAaba+V2O41l"
    "aTckhsDCN8RAoBMSTlJb1lB65iekVw8UhegtDnFARgKtBZY2Rl2c6f6pLH6B9xKS/vA1N1S9thPg+0gR3xqsFLrnHEORluLB"
    "oIOAXOrqsElux4hyYcehKyvR5NYddjqStbipTXj4MOC7S3hWuu4pEX4y9Qoh4ZoatE6IAoz4Ikz/uBs5MTZptgGQ18/SnATe"
    "7KtgJrpE+NwZAw8TVwR0iG32P8m0fQtfeI9tlQKWPtPcoYRniRJWm6cYkBH5xkCIKIklUKA6DTA1kGHruvWJXGevFzbmtnlA"
    "+aUANEx2nJ6/klF7zy8eRwTqta0xZa+7GNE5jDdcXiseV6R2DPaK/CO7VTWnOnnio5xSpw5n7YEeUT2N4JoW7X0hWJ6dVKyj"
    "3BxBNwvWWBXKVtLJhTx0D36HN8RuAs9Z8RIjoEJopNVNhVaQZC2aI2BVLxEWwd5Oy01VHIzPIo9/7KwqURHLxSPEIfnLDY2r"
    "NcWkNQgIvbmD3Vxe5FEy7PtYStXdkjiJbIdwkbv8AX8UwRLAoB7VgZ3BXuTJ2fMl5Rgn9WXMrtX8u7Y/c6rrxai4nxpn23tx"
    "+7yDvclmrdgt0JTBeAyNsn/CipTT5Q2DJ/SUfrT6OuOidS3w2fwbaG8UUEIDpz4EW4Wk8FG8Bb3zEUDCOPr9BdeT4GDS2Nfv"
    "zrtRXWAlc+uFDxlx/OwED9TuKePyJJtsoB3QberkbgOk9fNTR472qS86tRMUZI74S14u1Ey6kZuJkp0npKVq9b1k1YaWffCy"
    "L0Gcohr5kAZW4sdSan3+vWNSBJ9fCRWapbmEIMgYfh/4lyAlFZH5+ouIyAXL3XSSS7UMWoHJj5SAtJa6lrthWBwJktoLqz+M"
    "MFw/ljB9VcpKnJ+LnTSgwRq8mBbW/lEyCNrJ49+d2MwcQtZqIeteCbYdW0WiFy5tyndiBxZigeNgwd05+xdYeeM//i53/Y4o"
    "fEHbOIkaG/tIIR0vqn/6BKgL6OWtij+4JKlUPDF4eLTIo0pvwWlIZveA8RE6wYeSRcpQj6XTyX0j+mMC77+cUD4bSJgJY9fH"
    "p2kOFgf0iV0m9ku2UNobxfV4q9SM/7XbYjElMCMGCSqGSIb3DQEJFTEWBBShMb2/J4z2MTvIMZ2Z8ZX1I26/vjBBMDEwDQYJ"
    "YIZIAWUDBAIBBQAEICnlqcCOTIs9eLrWDpPjZnXzfqPFNNqSIrcVzz3MWpePBAjwacWncXD+LAICCAA=";
inline constexpr std::string_view kWorldCertificate =
    "MIICrDCCAZQCAQEwDQYJKoZIhvcNAQELBQAwGzEZMBcGA1UEAwwQc2VlZGJlZCBzY2VuYXJpbzAgFw0xNjAxMDEwMDAwMDBa"
    "GA8yMDk5MTIzMTIzNTk1OVowGzEZMBcGA1UEAwwQc2VlZGJlZCBzY2VuYXJpbzCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC"
    "AQoCggEBALwS+dlf+salJD8TMmXu5oTbt8xv86lBVWiL4tW3RrZfst7FUS2Vm8MLFOdVKqoXOdO8+UwzqpLSm7rFcjZyIliZ"
    "OH9BJ3xtqZVHFBb5qjAa6qwAuJaFnK4aie0W05TabdMBFZ2eq2D8EXA79cnW8ko3BQjgy0G4JHs2kPoDenZRodjIJOzEBqga"
    "G9cnwopst6G8voTk8RzVXZ8KWfc2EtkS+X9L8kCC49C9n7hqzQbPaME1FWNluQsd9K3zGSHuQccEQaYUnuU2vzHgqhG74pU9"
    "JCyOBdvY6guRNFTzDAjEskLdwPGlWXPI2rsINwe52UintjHHSSsl5rwYNU6Eoa8CAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA"
    "mcO8er13CmjV9kC17Z74XyLy33/Tg4sL3Tz95UtJEfZMKOdDQkKuX8THhSxkn8R5sIGb9FK0jbwRy+wInAxzJwordUzexXoZ"
    "9pHi14/ick8ZaNKk07SONX+PybMlJSf7MRmAYdqQVrmx2lV7Kmnyy4GJeufc4/8/RpfOq+ykzcv8eSFL9Km24vTn3/nj3qoT"
    "GLnhqpRES6hROc/FvTpg6LkUWyrL0d+RoE6Vuzvu8rTnaHSuPiJzfsxquXK+oWV+uvSA5ycTjA0Ac/6YfHxu73iAjV8StPUB"
    "n7nKBCzpTtmtCSzcDIBnPR/mhl1gjrvNW5d6EL9QXZvKdmu4yKQTQw==";

}  // namespace seedbed
