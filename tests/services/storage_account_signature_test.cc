// Signatures of the Blob service against vectors made elsewhere, by the rule in the documentation.
#include <gtest/gtest.h>

#include "fakes/storage_account/signature.h"
#include "tests/services/storage_account_bench.h"

namespace seedbed {
namespace {

using testing_support::kKey;

TEST(Signature, StringsAndSignaturesAreThoseOfTheDocumentation) {
  HttpRequest http;
  http.method = "PUT";
  http.target = "/devstoreaccount1/box/a%20b?timeout=30&comp=page";
  http.headers = {{"X-Ms-Version", "2021-12-02"},
                  {"x-ms-page-write", "update"},
                  {"x-ms-range", "bytes=0-511"},
                  {"x-ms-date", "Wed, 02 Nov 2016 00:00:00 GMT"},
                  {"Date", "not used"},
                  {"x-ms-client-request-id", " id 1 "},
                  {"Content-MD5", "tZYTGNGWk3ZXkFl5GLmyYA=="},
                  {"content-type", "application/octet-stream"}};
  http.body = Bytes(512);
  const auto url = parse_url(http.target);
  const auto request = BlobRequest::of(http, *url, 0);
  ASSERT_TRUE(request);
  const std::string text = shared_key_string_to_sign(*request);
  EXPECT_EQ(text,
            "PUT\n\n\n512\ntZYTGNGWk3ZXkFl5GLmyYA==\napplication/octet-stream\n\n\n\n\n\n\n"
            "x-ms-client-request-id:id 1\nx-ms-date:Wed, 02 Nov 2016 00:00:00 GMT\nx-ms-page-write:update\n"
            "x-ms-range:bytes=0-511\nx-ms-version:2021-12-02\n/devstoreaccount1/devstoreaccount1/box/a%20b\n"
            "comp:page\ntimeout:30");
  EXPECT_EQ(signature_of(kKey, text), "jXl+KXr43pGZVHB0pCMPYYEDle3q3e8ihnZWm6a3PcE=");
}

TEST(Signature, SasStringsOfOldAndNewVersions) {
  const auto sas = [](const std::string& target) {
    HttpRequest http;
    http.target = target;
    const auto url = parse_url(target);
    const auto request = BlobRequest::of(http, *url, 0);
    return request ? signature_of(kKey, sas_string_to_sign(*request)) : request.error().code;
  };
  EXPECT_EQ(
      sas("/devstoreaccount1/box/a%20b?sv=2021-12-02&sr=b&sp=rw&st=2016-11-01&se=2016-12-01T00:00:00Z&spr="
          "https,http&rsct=text/plain"),
      "uEcBWALJej5HyipGiuDyUGx5bt1OAlaTdNR14eeWqk0=");
  EXPECT_EQ(sas("/devstoreaccount1/box/any?sv=2014-02-14&sr=c&sp=rwdl&se=2016-12-01"),
            "5qDbb4PFzSVc1oohkM8R3BjHoQxOvyec5IbCayIDLEA=");
}

}  // namespace
}  // namespace seedbed
