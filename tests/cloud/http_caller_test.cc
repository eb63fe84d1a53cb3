// Retries, the errors that end them, and the signatures: what is repeated, what is not, what is told and what
// is kept secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/cloud/authority.h"
#include "engine/cloud/client_assertion.h"
#include "engine/cloud/http_caller.h"
#include "engine/cloud/service_answer.h"
#include "engine/cloud/shared_key.h"
#include "tests/cloud/scripted_transport.h"
#include "tests/support/test_certificate.h"

namespace seedbed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::answer;
using testing_support::ManualRuntime;
using testing_support::maybe_applied;
using testing_support::not_sent;
using testing_support::ScriptedTransport;

constexpr uint64_t kSecond_ns = 1'000'000'000;

struct HttpCallerTest : testing::Test {
  ManualRuntime runtime;
  ScriptedTransport transport;
  HttpCaller caller{runtime, transport};
  HttpRequest request{
      .method = "PUT", .target = "http://h:1/a/b?comp=page&sig=SECRET&se=2016", .headers = {}, .body = {}};
};

TEST_F(HttpCallerTest, WhatIsSafeIsRepeatedWithDoublingWaits) {
  transport.then(not_sent());
  transport.then(maybe_applied());
  transport.then(answer(503));
  transport.then(answer(500));
  transport.then(answer(429));
  transport.then(answer(201));
  int signings = 0;
  const auto got = caller.call(request, true, [&](HttpRequest& each) -> Status {
    each.headers = {{"n", std::to_string(++signings)}};
    return {};
  });
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->status, 201);
  EXPECT_THAT(runtime.sleeps_ns,
              ElementsAre(kSecond_ns / 2, kSecond_ns, 2 * kSecond_ns, 4 * kSecond_ns, 8 * kSecond_ns));
  EXPECT_EQ(transport.header(0, "n"), "1");
  EXPECT_EQ(transport.header(5, "n"), "6") << "each try is signed anew";
}

TEST_F(HttpCallerTest, AfterTheLastTryTheErrorSaysWhatAndWhereAndWhatToDo) {
  for (int i = 0; i < 5; i++) transport.then(not_sent());
  transport.then(answer(503,
                        "<?xml version=\"1.0\"?><Error><Code>ServerBusy</Code><Message>a\x01"
                        "b\nRequestId:1</Message></Error>"));
  auto got = caller.call(request, true);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::io_error);
  EXPECT_THAT(got.error().what, HasSubstr("PUT failed after 6 tries: status 503"));
  EXPECT_EQ(got.error().where, "http://h:1/a/b?comp=page");
  EXPECT_THAT(got.error().remedy, HasSubstr("run the same command again"));
  EXPECT_EQ(runtime.sleeps_ns.size(), 5u) << "no wait after the last";
  EXPECT_TRUE(transport.done());
}

TEST_F(HttpCallerTest, RetryAfterIsHonouredUpToTheBound) {
  transport.then(answer(503, "", {{"Retry-After", "7"}}));
  transport.then(answer(429, "", {{"retry-after", "100000000000000"}}));
  transport.then(answer(429, "", {{"Retry-After", "Wed, 02 Nov 2016 18:24:14 GMT"}}));
  transport.then(answer(200));
  ASSERT_TRUE(caller.call(request, false));
  EXPECT_THAT(runtime.sleeps_ns, ElementsAre(7 * kSecond_ns, 30 * kSecond_ns, 2 * kSecond_ns));
}

TEST_F(HttpCallerTest, WhatMayHaveBeenDoneIsNotRepeatedUnlessIdempotent) {
  for (const auto& doubt : {maybe_applied("cut in the middle"), HttpResult(answer(408)),
                            HttpResult(answer(500)), HttpResult(answer(502)), HttpResult(answer(504))}) {
    transport.requests.clear();
    transport.then(not_sent());
    transport.then(answer(503));
    transport.then(doubt);
    const auto got = caller.call(request, false);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::io_error);
    EXPECT_THAT(got.error().what, HasSubstr("in doubt"));
    EXPECT_EQ(transport.requests.size(), 3u);
    EXPECT_TRUE(transport.done());
  }
}

TEST_F(HttpCallerTest, AnswersThatSayNoAreErrorsOfTheirKind) {
  const auto error_of = [&](int status, std::string_view body) {
    transport.then(answer(status, body));
    auto got = caller.call(request, true);
    EXPECT_FALSE(got);
    return got ? Error{} : got.error();
  };
  const Error denied = error_of(403, "<Error><Code>AuthenticationFailed</Code><Message>m</Message></Error>");
  EXPECT_EQ(denied.code, ErrorCode::permission_denied);
  EXPECT_THAT(denied.what, HasSubstr("AuthenticationFailed: m"));
  EXPECT_FALSE(denied.remedy.empty());
  EXPECT_EQ(error_of(401, "").code, ErrorCode::permission_denied);
  const Error absent =
      error_of(404, R"({"error":{"code":"NotFound","message":"no \u0007 job, sig=abc%2F&x"}})");
  EXPECT_EQ(absent.code, ErrorCode::not_found);
  EXPECT_THAT(absent.what, HasSubstr("NotFound: no \\x07 job, sig=***&x"));
  EXPECT_EQ(error_of(400, R"({"code":"Bad"})").code, ErrorCode::refused);
  EXPECT_EQ(error_of(301, "").code, ErrorCode::refused);
  for (const int status : {200, 201, 202, 206, 409, 412, 416}) {
    transport.then(answer(status));
    EXPECT_TRUE(caller.call(request, true)) << status;
  }
  EXPECT_TRUE(runtime.sleeps_ns.empty());
}

TEST_F(HttpCallerTest, ASigningThatFailsSendsNothing) {
  const auto got = caller.call(
      request, true, [](HttpRequest&) -> Status { return fail(ErrorCode::permission_denied, "no"); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::permission_denied);
  EXPECT_TRUE(transport.requests.empty());
}

TEST(HttpCallerProperty, TriesAndWaitsAreBoundedAndDoubtIsNeverRepeated) {
  const bool holds = rc::check("any schedule of failures", [](bool idempotent) {
    const auto schedule = *rc::gen::container<std::vector<int>>(
        20, rc::gen::element(0, 1, 200, 408, 409, 429, 500, 502, 503, 504));
    ManualRuntime runtime;
    ScriptedTransport transport;
    for (const int code : schedule)
      transport.then(code == 0 ? not_sent() : code == 1 ? maybe_applied() : HttpResult(answer(code)));
    const RetryPolicy policy{.tries_max = 5, .first_wait_ns = 10, .wait_max_ns = 55};
    HttpCaller caller(runtime, transport, policy);
    const auto got =
        caller.attempt({.method = "POST", .target = "http://h/x", .headers = {}, .body = {}}, idempotent);
    const size_t sent = transport.requests.size();
    RC_ASSERT(sent >= 1u && sent <= policy.tries_max);
    RC_ASSERT(runtime.sleeps_ns.size() == sent - 1);
    for (const uint64_t wait : runtime.sleeps_ns) RC_ASSERT(wait >= 10 && wait <= 55);
    const auto doubtful = [&](size_t i) {
      const int code = schedule[i];
      return code == 1 || code == 408 || code == 500 || code == 502 || code == 504;
    };
    for (size_t i = 0; i + 1 < sent; i++) RC_ASSERT(idempotent || !doubtful(i));
    if (got) RC_ASSERT(got->response.has_value() == !(doubtful(sent - 1)));
    if (got && got->response) RC_ASSERT(got->response->status == 200 || got->response->status == 409);
    bool doubt_before = false;
    for (size_t i = 0; i < sent; i++) doubt_before |= doubtful(i);
    if (got) RC_ASSERT(got->perhaps_done_before == doubt_before);
  });
  EXPECT_TRUE(holds);
}

TEST(ServiceAnswer, BodiesOfAnyKindAreBoundedAndMadeHarmless) {
  EXPECT_EQ(service_error_of(answer(400, std::string(100'000, '{'))).code, "");
  EXPECT_EQ(service_error_of(answer(400, "", {{"x-ms-error-code", "ConditionNotMet"}})).code,
            "ConditionNotMet");
  EXPECT_EQ(service_error_of(answer(400, "\xef\xbb\xbf<Error><Code>A</Code></Error>")).code, "A");
  EXPECT_EQ(
      service_error_of(answer(400, "<Error><Code>A</Code><Message>m\nRequestId:x</Message></Error>")).message,
      "m");
  EXPECT_EQ(url_for_people("http://h/a?sv=1&sr=b&sp=r&sig=x%3D&st=1&se=2"), "http://h/a");
  EXPECT_EQ(url_for_people("http://h/a?api-version=2021-01-01&token=x"), "http://h/a?api-version=2021-01-01");
  EXPECT_EQ(url_for_people("not a url?sig=x"), "not a url");
  EXPECT_LT(text_for_people(std::string(5000, '\x01')).size(), 2200u);
  EXPECT_EQ(text_for_people("a sig%3Dabc b"), "a sig%3D*** b");
  const bool holds = rc::check("any body", [](const std::string& body) {
    for (const char* head : {"<Error><Code>", "{\"error\":{\"code\":\"", ""}) {
      const auto error = service_error_of(answer(400, head + body));
      for (const char c : error.code + error.message) RC_ASSERT(static_cast<uint8_t>(c) >= 0x20);
    }
  });
  EXPECT_TRUE(holds);
}

const SecretBytes& azurite_key() {
  static const SecretBytes key{ByteSpan(*parse_base64(
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="))};
  return key;
}

// The signatures were computed by another program (Python's hmac) from the texts written here by hand.
TEST(SharedKey, SignsWhatAzureSigns) {
  HttpRequest put{.method = "PUT",
                  .target = "http://127.0.0.1:10000/devstoreaccount1/box/a%20b/c.BaseBlob?comp=page",
                  .headers = {{"x-ms-range", "bytes=1024-1535"},
                              {"X-Ms-Page-Write", " update "},
                              {"Content-MD5", base64(md5_of(Bytes(512, 7)))},
                              {"Content-Type", "application/octet-stream"}},
                  .body = Bytes(512, 7)};
  ASSERT_TRUE(sign_shared_key(put, "devstoreaccount1", azurite_key(), ManualRuntime::kStart_ns));
  EXPECT_EQ(*shared_key_string_to_sign(put, "devstoreaccount1"),
            "PUT\n\n\n512\nVbfHPXOxxEhm8OOxA7IHqw==\napplication/octet-stream\n\n\n\n\n\n\n"
            "x-ms-date:Wed, 02 Nov 2016 18:24:14 GMT\nx-ms-page-write:update\nx-ms-range:bytes=1024-1535\n"
            "x-ms-version:2021-12-02\n/devstoreaccount1/devstoreaccount1/box/a%20b/c.BaseBlob\ncomp:page");
  EXPECT_EQ(header_of(put.headers, "Authorization"),
            "SharedKey devstoreaccount1:QCEXFkZ7N9OrHk1oC2z2rzHLWnHdlKvEMvfEGJaXNjA=");

  HttpRequest list{
      .method = "GET",
      .target = "http://127.0.0.1:10000/devstoreaccount1/box?restype=container&comp=list&prefix=a%2Fb%20c",
      .headers = {{"Authorization", "old"}, {"x-ms-date", "old"}},
      .body = {}};
  ASSERT_TRUE(sign_shared_key(list, "devstoreaccount1", azurite_key(), ManualRuntime::kStart_ns));
  EXPECT_EQ(header_of(list.headers, "Authorization"),
            "SharedKey devstoreaccount1:NnFqIBKj+OjiCtBNO4roa4vGJpAi5u3M7OIMSE60SBk=");
  EXPECT_EQ(list.headers.size(), 3u) << "what was there is replaced";
  HttpRequest relative{.method = "GET", .target = "/x", .headers = {}, .body = {}};
  EXPECT_FALSE(sign_shared_key(relative, "a", azurite_key(), 0));
}

TEST(ServiceSas, SignsTheSixteenLines) {
  constexpr int64_t kStart = ManualRuntime::kStart_ns - 300 * 1'000'000'000ll;
  constexpr int64_t kExpiry = ManualRuntime::kStart_ns + 86'400 * 1'000'000'000ll;
  EXPECT_EQ(service_sas_string_to_sign("devstoreaccount1", "box", "a b/c.BaseBlob", "r", kStart, kExpiry),
            "r\n2016-11-02T18:19:14Z\n2016-11-03T18:24:14Z\n/blob/devstoreaccount1/box/a b/c.BaseBlob\n"
            "\n\n\n2020-12-06\nb\n\n\n\n\n\n\n");
  EXPECT_EQ(service_sas("devstoreaccount1", azurite_key(), "box", "a b/c.BaseBlob", "r", kStart, kExpiry),
            "sv=2020-12-06&st=2016-11-02T18%3A19%3A14Z&se=2016-11-03T18%3A24%3A14Z&sr=b&sp=r"
            "&sig=40lK5BWJaVAEKPmhnEaMKJHJ5bvlpoO1GNJAT5WHTB4%3D");
}

std::string of_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  const auto bytes = parse_base64(text);
  return bytes ? std::string(as_text(*bytes)) : "no base64";
}

TEST(ClientAssertion, IsAJwtThatTheCertificateVerifies) {
  const auto& made = testing_support::TestCertificate::shared();
  auto certificate = parse_pfx(made.pfx(testing_support::PfxKind::modern), "file");
  ASSERT_TRUE(certificate);
  const auto token = client_assertion(*certificate, "http://h:1", ManualRuntime::kStart_ns);
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(*token, *client_assertion(*certificate, "http://h:1", ManualRuntime::kStart_ns))
      << "nothing is drawn";
  const size_t first = token->find('.'), second = token->find('.', first + 1);
  const auto header = nlohmann::json::parse(of_base64url(token->substr(0, first)));
  EXPECT_EQ(header["alg"], "RS256");
  EXPECT_EQ(header["typ"], "JWT");
  EXPECT_EQ(header["x5t#S256"], base64url(sha256_of(made.der())));
  const auto claims = nlohmann::json::parse(of_base64url(token->substr(first + 1, second - first - 1)));
  EXPECT_EQ(claims["aud"], "http://h:1");
  EXPECT_EQ(claims["iss"], "CN of a test");
  EXPECT_EQ(claims["nbf"], 1'478'111'054 - 60);
  EXPECT_EQ(claims["exp"], 1'478'111'054 + 600);
  EXPECT_TRUE(made.verifies(as_bytes(of_base64url(token->substr(second + 1))), token->substr(0, second)));
  EXPECT_THAT(*token, Not(HasSubstr("=")));
  EXPECT_EQ(ERR_peek_error(), 0u);

  certificate->not_after_ns = ManualRuntime::kStart_ns - 1;
  const auto expired = client_assertion(*certificate, "http://h:1", ManualRuntime::kStart_ns);
  ASSERT_FALSE(expired);
  EXPECT_THAT(expired.error().what, HasSubstr("expired"));
  certificate->not_after_ns = INT64_MAX;
  certificate->private_key_pem = SecretBytes::of_text("no key");
  EXPECT_FALSE(client_assertion(*certificate, "http://h:1", ManualRuntime::kStart_ns));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Authority, TokensComeFromAFilesFirstLineOrACertificate) {
  const auto token = token_authority(" ey.J-_~+/= \r\nmore", "file");
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ((*token)(0), "ey.J-_~+/=");
  for (const std::string& bad : {std::string(), std::string("\nx"), std::string("a b"), std::string("a\x01"),
                                 std::string(70'000, 'x')})
    EXPECT_FALSE(token_authority(bad, "file"));
  auto certificate =
      parse_pfx(testing_support::TestCertificate::shared().pfx(testing_support::PfxKind::modern), "file");
  ASSERT_TRUE(certificate);
  const Authority authority = certificate_authority(certificate->clone(), "http://h:1");
  EXPECT_EQ(*authority(5'000'000'000), *client_assertion(*certificate, "http://h:1", 5'000'000'000));
}

}  // namespace
}  // namespace seedbed
