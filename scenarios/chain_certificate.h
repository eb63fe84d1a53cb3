// The certificate by which the computers of simulated worlds prove themselves to their vault: made once for
// this purpose, good for nothing else, valid from 2016 to 2099. Making a key pair anew for each world would
// take longer than the world.
#pragma once

#include <string_view>

namespace seedbed {

// PFX with an empty password and nothing encrypted (each command opens it anew, and stretching the empty
// password would take longer than the command), and the certificate alone; base64.
inline constexpr std::string_view kWorldCertificatePfx =
    "MIIIlQIBAzCCCE8GCSqGSIb3DQEHAaCCCEAEggg8MIIIODCCAxsGCSqGSIb3DQEHAaCCAwwEggMIMIIDBDCCAwAGCyqGSIb3DQEM"
    "CgEDoIICyDCCAsQGCiqGSIb3DQEJFgGgggK0BIICsDCCAqwwggGUAgEBMA0GCSqGSIb3DQEBCwUAMBsxGTAXBgNVBAMMEHNlZWRi"
    "ZWQgc2NlbmFyaW8wIBcNMTYwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMBsxGTAXBgNVBAMMEHNlZWRiZWQgc2NlbmFyaW8w"
    "ggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQC8EvnZX/rGpSQ/EzJl7uaE27fMb/OpQVVoi+LVt0a2X7LexVEtlZvDCxTn"
    "VSqqFznTvPlMM6qS0pu6xXI2ciJYmTh/QSd8bamVRxQW+aowGuqsALiWhZyuGontFtOU2m3TARWdnqtg/BFwO/XJ1vJKNwUI4MtB"
    "uCR7NpD6A3p2UaHYyCTsxAaoGhvXJ8KKbLehvL6E5PEc1V2fCln3NhLZEvl/S/JAguPQvZ+4as0Gz2jBNRVjZbkLHfSt8xkh7kHH"
    "BEGmFJ7lNr8x4KoRu+KVPSQsjgXb2OoLkTRU8wwIxLJC3cDxpVlzyNq7CDcHudlIp7Yxx0krJea8GDVOhKGvAgMBAAEwDQYJKoZI"
    "hvcNAQELBQADggEBAJnDvHq9dwpo1fZAte2e+F8i8t9/04OLC908/eVLSRH2TCjnQ0JCrl/Ex4UsZJ/EebCBm/RStI28EcvsCJwM"
    "cycKK3VM3sV6GfaR4teP4nJPGWjSpNO0jjV/j8mzJSUn+zEZgGHakFa5sdpVeypp8suBiXrn3OP/P0aXzqvspM3L/HkhS/SptuL0"
    "59/5496qExi54aqUREuoUTnPxb06YOi5FFsqy9HfkaBOlbs77vK052h0rj4ic37MarlyvqFlfrr0gOcnE4wNAHP+mHx8bu94gI1f"
    "ErT1AZ+5ygQs6U7ZrQks3AyAZz0f5oZdYI67zVuXehC/UF2bynZruMikE0MxJTAjBgkqhkiG9w0BCRUxFgQUoTG9vyeM9jE7yDGd"
    "mfGV9SNuv74wggUVBgkqhkiG9w0BBwGgggUGBIIFAjCCBP4wggT6BgsqhkiG9w0BDAoBAaCCBMIwggS+AgEAMA0GCSqGSIb3DQEB"
    "AQUABIIEqDCCBKQCAQACggEBALwS+dlf+salJD8TMmXu5oTbt8xv86lBVWiL4tW3RrZfst7FUS2Vm8MLFOdVKqoXOdO8+UwzqpLS"
    "m7rFcjZyIliZOH9BJ3xtqZVHFBb5qjAa6qwAuJaFnK4aie0W05TabdMBFZ2eq2D8EXA79cnW8ko3BQjgy0G4JHs2kPoDenZRodjI"
    "JOzEBqgaG9cnwopst6G8voTk8RzVXZ8KWfc2EtkS+X9L8kCC49C9n7hqzQbPaME1FWNluQsd9K3zGSHuQccEQaYUnuU2vzHgqhG7"
    "4pU9JCyOBdvY6guRNFTzDAjEskLdwPGlWXPI2rsINwe52UintjHHSSsl5rwYNU6Eoa8CAwEAAQKCAQAtgEvJPvLNf2OjDPJq/d7w"
    "crXndIhXQRK4Peutt+8YLVP5mHRY2nK6P+KZSx4M05yucPBBctiIOALsL1u/92H+3GbyRqGWdXOLRYyDOHjntYNkBLKj3AR5jLsk"
    "zJp4z1W1sHP508rzplhTtnXzFJk+wkvqB3S1XCcbVirCCfhlSlVxIvNlcKvXynCoBsqoXa2QLt7w6cW4TUC4hYBOvSfzTI351hAq"
    "C9gRbdKacO+cJ+fnZD0mUnrgEEnt+p64V3k71tTtAIZOmw43nZl3o7L4DtnjU4OE+dE+HOQ/s8xB6zOqOS+alobvqoY2XhYXiuiK"
    "ZWJk5Lq/Ydq9qfT3mWaJAoGBAOC9QMhka8wZYNettZ8qgEBPiocArfPZnC10KIEkpAR+aQj1IRrWKY9wVbbws17ivkTsJ33b8ts4"
    "yn6PyNRyKGjFYgWOP1o+PU5bUVAA/SEVFdYSoj8qNLqKtVG+cS97Ru2tH25kTGPwqGmEqr4pZ90ld1/SQywbbm+j/jUHcC1XAoGB"
    "ANY8HNz1S6eXQI+coYXvLhup3GZb5S8zTdaaK/eTkfTFluQkONcCkEF9WVpzVGxa9FOoz64bqDmohZgh+5h517pbSEYnlYkf4nGk"
    "hNsO/ZoJPANRrJFZKjdunKscAAiehIgamgmb5p0s4m2Y8lhlqZ1v9I+W4traieyHy430z59pAoGASHLaGn+8/HvF62F1Zk0mMRUz"
    "PBgs+6pQHZsPn6o3MbeqlpenR2Z42WPGTgZEXLdNzRwwEvO/04n4RVqGzG3MtxHCarYTmDzuOH9ZtCfNckfA1VUGdsRdYTFsCGET"
    "TdI46E/iDQ1KTwF62SFKhakFcZYtaHd47hQdwuGkBmZSdFsCgYEAuQsdJyFc4nn7ktAImCYanlxeea9ASz+2KPnrpiG5vUF57r72"
    "tYiKT3bU2hKpxhnd1fEGyW0sJflQwzH/HhmH43h6+dWxDMsUjXI8KvZMyGLXikpekwEAPPb2rbk2sjsxYFoR2ODnFbWyMlYcZYwS"
    "MGGGTQxYEA8ZeMtmX8woFZkCgYEAgkOvxgfLoI/XKdIFYI0Fb28Zsj6aOLU9C9jgASdE1U3D96ohkeAmPTF4apgegMPq/d30o/Ul"
    "YoW4yXoSqE1oThggRGD3paHz7RrTAN7zh3wd6W8/kvs46LxNdWhoyZt1hizbI8WIAFkiOh9vbQUIjoSoYzZz93/Wzc2ivjEeSQ8x"
    "JTAjBgkqhkiG9w0BCRUxFgQUoTG9vyeM9jE7yDGdmfGV9SNuv74wPTAxMA0GCWCGSAFlAwQCAQUABCB1M1wU5u+NgtiYRtC0hkZP"
    "uvDnNbQsaa+5yWtBSZPM3QQIE2gWq/IJ0vk=";
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
