// Publish settings, vault credentials and the certificates in them: what is read, and what is refused, with
// line and column and without a word of the keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <rapidcheck/gtest.h>
#include <stdlib.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/documents/publish_settings.h"
#include "engine/documents/vault_credentials.h"
#include "tests/support/test_certificate.h"

namespace seedbed {
namespace {

using testing::HasSubstr;
using testing_support::PfxKind;
using testing_support::TestCertificate;

Bytes pfx(PfxKind kind = PfxKind::modern) {
  return TestCertificate::shared().pfx(kind);
}
std::string pfx_text(PfxKind kind = PfxKind::modern) {
  return base64(pfx(kind));
}

template <typename T>
void expect_not_believed(const Result<T>& result, const std::string& what) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::corrupt) << result.error().message();
  EXPECT_THAT(result.error().what, HasSubstr(what));
  EXPECT_THAT(result.error().where, testing::MatchesRegex("file: line [0-9]+, column [0-9]+"));
  EXPECT_EQ(ERR_peek_error(), 0u) << "OpenSSL's error queue is not empty";
}

TEST(ManagementCertificate, EveryKindWithoutPasswordIsRead) {
  for (const PfxKind kind : {PfxKind::modern, PfxKind::null_password, PfxKind::legacy}) {
    const Bytes bytes = pfx(kind);
    ASSERT_FALSE(bytes.empty()) << "this computer's OpenSSL cannot write kind " << static_cast<int>(kind);
    const auto certificate = parse_pfx(bytes, "file");
    ASSERT_TRUE(certificate) << certificate.error().message();
    EXPECT_EQ(certificate->der, TestCertificate::shared().der());
    EXPECT_EQ(certificate->subject, "CN of a test");
    EXPECT_EQ(certificate->not_after_ns, parse_utc_journal_text("2049/12/31 23:59:59.000"));
    EXPECT_TRUE(certificate->private_key_pem.text().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST(ManagementCertificate, PemGoesThereAndBack) {
  const auto certificate = parse_pfx(pfx(), "file");
  ASSERT_TRUE(certificate);
  const auto pem = encode_certificate_pem(*certificate);
  ASSERT_TRUE(pem);
  const auto back = parse_certificate_pem(pem->text(), "file");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->der, certificate->der);
  EXPECT_EQ(back->private_key_pem.text(), certificate->private_key_pem.text());
  EXPECT_EQ(back->subject, certificate->subject);
  const std::string half(pem->text().substr(0, pem->size() / 2));
  EXPECT_FALSE(parse_certificate_pem(half, "file"));
  EXPECT_FALSE(parse_certificate_pem("", "file"));
  EXPECT_FALSE(parse_certificate_pem(std::string(200'000, 'x'), "file"));
  // the key of another certificate
  const TestCertificate other("another");
  const auto stranger = parse_pfx(other.pfx(PfxKind::modern), "file");
  ASSERT_TRUE(stranger);
  ManagementCertificate mixed = certificate->clone();
  mixed.private_key_pem = stranger->private_key_pem.clone();
  const auto mixed_pem = encode_certificate_pem(mixed);
  ASSERT_TRUE(mixed_pem);
  const auto refused = parse_certificate_pem(mixed_pem->text(), "file");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("another certificate"));
}

TEST(ManagementCertificate, WhatIsNoneIsRefused) {
  const auto what_of = [](ByteSpan bytes) {
    const auto certificate = parse_pfx(bytes, "file");
    EXPECT_FALSE(certificate);
    EXPECT_EQ(ERR_peek_error(), 0u);
    return certificate ? std::string() : certificate.error().what;
  };
  EXPECT_THAT(what_of(pfx(PfxKind::with_password)), HasSubstr("has a password"));
  EXPECT_THAT(what_of(pfx(PfxKind::without_key)), HasSubstr("no certificate with its private key"));
  EXPECT_THAT(what_of({}), HasSubstr("1 to 65536 bytes"));
  EXPECT_THAT(what_of(Bytes(kPfxBytesMax + 1)), HasSubstr("1 to 65536 bytes"));
  EXPECT_THAT(what_of(TestCertificate::shared().der()), HasSubstr("no PFX"));
  Bytes longer = pfx();
  longer.push_back(0);
  EXPECT_THAT(what_of(longer), HasSubstr("no PFX"));
}

TEST(ManagementCertificate, WithoutTheLegacyProviderTheOldKindIsSaidToBeUnsupported) {
  const Bytes old = pfx(PfxKind::legacy), modern = pfx();
  ASSERT_EQ(setenv("OPENSSL_MODULES", "/nowhere", 1), 0);
  const auto refused = parse_pfx(old, "file");
  const auto read = parse_pfx(modern, "file");
  unsetenv("OPENSSL_MODULES");
  EXPECT_TRUE(read);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported) << refused.error().message();
  EXPECT_THAT(refused.error().remedy, HasSubstr("legacy"));
}

TEST(ManagementCertificate, DamageIsAnError) {
  const bool holds = rc::check("a byte changed anywhere", [] {
    static const Bytes good = pfx();
    Bytes bytes = good;
    const auto at = *rc::gen::inRange<size_t>(0, bytes.size());
    bytes[at] ^= *rc::gen::inRange<uint8_t>(1, 255);
    if (const auto certificate = parse_pfx(bytes, "file"))  // a name's byte, say: outside the MAC, or no harm
      RC_ASSERT(certificate->der == TestCertificate::shared().der());
    RC_ASSERT(ERR_peek_error() == 0u);
  });
  EXPECT_TRUE(holds);
}

constexpr const char* kHead =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PublishData>\n  <PublishProfile SchemaVersion=\"2.0\" "
    "PublishMethod=\"AzureServiceManagementAPI\">\n";
constexpr const char* kTail = "  </PublishProfile>\n</PublishData>\n";

std::string subscription(const std::string& id, const std::string& certificate) {
  return "    <Subscription ServiceManagementUrl=\"https://management.core.windows.net\" Id=\"" + id +
         "\" Name=\"Pay-As-You-Go\" ManagementCertificate=\"" + certificate + "\" />\n";
}

TEST(PublishSettings, TheCertificateOfEachSubscription) {
  const auto settings = parse_publish_settings(
      "\xef\xbb\xbf" + std::string(kHead) + subscription("A65BF94F-26B3-4FB1-9D50-6E27C6096DF1", pfx_text()) +
          subscription("two", pfx_text(PfxKind::legacy)) + kTail,
      "file");
  ASSERT_TRUE(settings) << settings.error().message();
  ASSERT_EQ(settings->subscriptions.size(), 2u);
  const auto* found = settings->find("a65bf94f-26b3-4fb1-9d50-6e27c6096df1");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "Pay-As-You-Go");
  EXPECT_EQ(found->management_url, "https://management.core.windows.net");
  EXPECT_EQ(found->certificate.subject, "CN of a test");
  EXPECT_NE(settings->find("two"), nullptr);
  EXPECT_EQ(settings->find("three"), nullptr);
}

TEST(PublishSettings, TheOlderSchemaHasOneForAll) {
  const auto settings = parse_publish_settings(
      "<PublishData><PublishProfile PublishMethod=\"AzureServiceManagementAPI\" "
      "Url=\"https://management.core.windows.net/\" ManagementCertificate=\"" +
          pfx_text() + "\"><Subscription Id=\"1\" Name=\"one\"/><Subscription Id=\"2\" Name=\"two\"/>" +
          "</PublishProfile></PublishData>",
      "file");
  ASSERT_TRUE(settings) << settings.error().message();
  ASSERT_EQ(settings->subscriptions.size(), 2u);
  for (const auto& one : settings->subscriptions) {
    EXPECT_EQ(one.management_url, "https://management.core.windows.net/");
    EXPECT_EQ(one.certificate.der, TestCertificate::shared().der());
  }
}

TEST(PublishSettings, WhatIsWrongIsSaidWithItsPlace) {
  const auto of = [](const std::string& middle) {
    return parse_publish_settings(kHead + middle + kTail, "file");
  };
  const std::string good = subscription("1", pfx_text());
  expect_not_believed(of(good + good), "comes twice");
  expect_not_believed(of(subscription("", pfx_text())), "no Id");
  expect_not_believed(of(subscription("1", "")), "no ManagementCertificate");
  expect_not_believed(of(subscription("1", "no base64!")), "no base64");
  expect_not_believed(of(subscription("1", "AAAA")), "no PFX");
  expect_not_believed(of(subscription("1", pfx_text(PfxKind::with_password))), "password");
  expect_not_believed(of(""), "no subscription");
  expect_not_believed(of("<Other/>"), "a Subscription was expected");
  expect_not_believed(parse_publish_settings("<Other/>", "file"), "no publish settings");
  expect_not_believed(parse_publish_settings("", "file"), "");
  // the reader may have read the tag behind a long one already
  EXPECT_THAT(of(good + subscription("1", "AAAA")).error().where, testing::StartsWith("file: line "));
  expect_not_believed(of(subscription("1", std::string(3 * kPfxBytesMax, 'A'))), "too long");
}

constexpr const char* kVaultHead =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<RSBackupVaultAADCreds "
    "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" "
    "xmlns=\"http://schemas.datacontract.org/2004/07/"
    "Microsoft.Azure.Portal.RecoveryServices.Models.Common\">\n";

std::string vault_file(const std::string& certificate) {
  return std::string(kVaultHead) +
         "<Version>1.0</Version><SubscriptionId>s-1</SubscriptionId><ResourceType>vaults</ResourceType>\n"
         "<ResourceName>vault-1</ResourceName><ManagementCert>" +
         certificate +
         "</ManagementCert>\n<ResourceId>5</ResourceId><ResourceGroup>group</ResourceGroup><Location>West "
         "US</Location><ProviderNamespace>Microsoft.RecoveryServices</ProviderNamespace>"
         "<IdMgmtRestEndpoint>http://127.0.0.1:10000</IdMgmtRestEndpoint><AgentLinks i:nil=\"true\"/>\n"
         "</RSBackupVaultAADCreds>\n";
}

TEST(VaultCredentials, TheCurrentFormAndTheOld) {
  std::string wrapped = pfx_text();
  for (size_t at = 64; at < wrapped.size(); at += 66) wrapped.insert(at, "\r\n");
  const auto credentials = parse_vault_credentials(vault_file(wrapped), "file");
  ASSERT_TRUE(credentials) << credentials.error().message();
  EXPECT_EQ(credentials->version, "1.0");
  EXPECT_EQ(credentials->subscription_id, "s-1");
  EXPECT_EQ(credentials->resource_name, "vault-1");
  EXPECT_EQ(credentials->resource_group, "group");
  EXPECT_EQ(credentials->location, "West US");
  EXPECT_EQ(credentials->endpoint, "http://127.0.0.1:10000");
  EXPECT_EQ(credentials->certificate.der, TestCertificate::shared().der());

  const auto old = parse_vault_credentials(
      "<BackupVaultCreds><SubscriptionId>s</SubscriptionId><ResourceType>BackupVault</ResourceType>"
      "<ResourceName>v</ResourceName><ManagementCert>" +
          pfx_text(PfxKind::legacy) +
          "</ManagementCert><AcsNamespace><HostName>h</HostName></AcsNamespace></BackupVaultCreds>",
      "file");
  ASSERT_TRUE(old) << old.error().message();
  EXPECT_EQ(old->resource_name, "v");
  EXPECT_EQ(old->endpoint, "");
}

TEST(VaultCredentials, WhatIsWrongIsSaidWithItsPlace) {
  const std::string certificate = pfx_text();  // each is another: salts are drawn
  const std::string good = vault_file(certificate);
  const auto without = [&](const std::string& part) {
    std::string text = good;
    text.erase(text.find(part), part.size());
    return parse_vault_credentials(text, "file");
  };
  expect_not_believed(without("<SubscriptionId>s-1</SubscriptionId>"), "SubscriptionId is missing");
  expect_not_believed(without("<ResourceName>vault-1</ResourceName>"), "ResourceName is missing");
  expect_not_believed(without("<ManagementCert>" + certificate + "</ManagementCert>"),
                      "ManagementCert is missing");
  expect_not_believed(without("<ManagementCert>" + certificate + "</ManagementCert>"),
                      "ManagementCert is missing");
}

TEST(VaultCredentials, CertificatesThatDoNotServe) {
  expect_not_believed(parse_vault_credentials(vault_file("MIIx=="), "file"), "no base64");
  expect_not_believed(parse_vault_credentials(vault_file(base64(TestCertificate::shared().der())), "file"),
                      "no PFX");
  expect_not_believed(parse_vault_credentials(vault_file(pfx_text(PfxKind::without_key)), "file"),
                      "private key");
  expect_not_believed(parse_vault_credentials("<BackupVaultCreds/>", "file"), "SubscriptionId is missing");
  expect_not_believed(parse_vault_credentials("<PublishData/>", "file"), "no vault credentials");
}

TEST(CredentialFiles, MutationsNeverCrashNorTellTheKey) {
  const bool holds = rc::check("pieces of the file removed, doubled or changed", [] {
    static const std::string files[] = {kHead + subscription("1", pfx_text()) + kTail,
                                        vault_file(pfx_text())};
    const auto which = *rc::gen::inRange<size_t>(0, 2);
    std::string text = files[which];
    for (auto edits = *rc::gen::inRange(1, 4); edits > 0; edits--) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const auto length = *rc::gen::inRange<size_t>(1, 40);
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0) text.erase(at, length);
      if (kind == 1) text.insert(at, text.substr(at, length));
      if (kind == 2) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
      if (text.empty()) break;
    }
    const auto settings = parse_publish_settings(text, "file");
    const auto credentials = parse_vault_credentials(text, "file");
    for (const Error* error :
         {settings ? nullptr : &settings.error(), credentials ? nullptr : &credentials.error()})
      if (error != nullptr) {
        RC_ASSERT(error->message().find("MII") == std::string::npos);
        RC_ASSERT(error->where.starts_with("file: line "));
      }
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace seedbed
