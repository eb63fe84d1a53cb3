// fakeazure: the services on this machine behind one port, and the files a portal hands out.
#include <fmt/format.h>
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/linux/http_client.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "fakes/carrier/directory_bay.h"
#include "fakes/import_service/datacenter.h"
#include "fakes/server/certificate_maker.h"
#include "fakes/server/credential_files.h"
#include "fakes/server/http_server.h"
#include "fakes/server/service.h"

namespace seedbed {
namespace {

constexpr const char* kExitCodes = "Exit codes: 0 done, 1 failed, 2 usage.";
constexpr uint64_t kRoundPause_ns = 250'000'000;
constexpr int kCertificateDays = 3650;
constexpr uint64_t kSmallFileBytesMax = 64 * KiB;

struct Options {
  std::string data, listen = "127.0.0.1:10000", bay, clock = "real", chaos, token;
  std::vector<std::string> accounts;
  bool tls = false, json = false, quiet = false;
  std::string output, vault, endpoint;
  std::string subscription = "00000000-0000-0000-0000-000000000001", resource_group = "seedbed",
              location = "West US", name = "seedbed";
};

// What the services call each other through: the service that is made after it.
struct LateHandler final : HttpHandler {
  HttpHandler* target = nullptr;
  HttpResponse handle(const HttpRequest& request) override { return target->handle(request); }
};

std::string endpoint_path(const std::string& data) {
  return join_path(data, "endpoint");
}
std::string certificate_path(const std::string& data) {
  return join_path(data, "tls-certificate.pem");
}
std::string key_path(const std::string& data) {
  return join_path(data, "tls-key.pem");
}

// Made once: who trusts it goes on trusting it.
Status have_certificate(Runtime& runtime, FileStore& files, const std::string& data,
                        const std::string& host) {
  if (files.stat(certificate_path(data)) && files.stat(key_path(data))) return {};
  const auto made = TRY(make_certificate("fakeazure", host, runtime.utc_ns(), kCertificateDays));
  TRY(replace_file(files, key_path(data), made.key_pem.span()));
  return replace_file(files, certificate_path(data), as_bytes(made.certificate_pem), 0644);
}

Result<HttpServerOptions> listen_options(const std::string& text) {
  HttpServerOptions options;
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_u64(text.substr(colon + 1));
  if (!port || *port > UINT16_MAX || colon == 0)
    return fail(ErrorCode::invalid_argument, "--listen takes HOST:PORT", text,
                "For instance 127.0.0.1:10000.");
  options.host = text.substr(0, colon);
  options.port = static_cast<uint16_t>(*port);
  return options;
}

void say(const Options& options, const char* event, const std::string& text, const std::string& value) {
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"event", event}, {"value", value}}.dump());
    if (!options.quiet) fmt::print(stderr, "{}\n", text);
  } else {
    fmt::print("{}\n", text);
  }
  std::fflush(stdout);
}

Status serve(const Options& options) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // before any other thread is there
  PosixFiles files;
  OsEntropy entropy;
  ThreadRuntimeOptions clock;
  if (options.clock == "manual")  // stands still; the loading dock moves it
    clock.utc_clock = [now_ns = ThreadRuntime().utc_ns()] { return now_ns; };
  ThreadRuntime runtime(std::move(clock));

  const auto state = TRY(ServiceState::open(runtime, files, entropy, options.data));
  HttpServerOptions listening = TRY(listen_options(options.listen));
  if (options.tls) {
    TRY(have_certificate(runtime, files, options.data, listening.host));
    listening.certificate_file = certificate_path(options.data);
    listening.key_file = key_path(options.data);
  }
  const auto server = TRY(HttpServer::bind(listening));
  const std::string origin = server->origin();
  LateHandler late;
  DirectTransport inside(late, origin);
  DirectoryBay bay(files, options.bay);
  Service service(*state, inside, bay, {.origin = origin, .only_token = options.token});
  late.target = &service;
  TRY(service.open());
  for (const std::string& account : options.accounts) {
    const size_t colon = account.find(':');
    if (colon == std::string::npos)
      return fail(ErrorCode::invalid_argument, "--account takes NAME:KEY", account.substr(0, 24));
    TRY(service.accounts().add_account(account.substr(0, colon), account.substr(colon + 1)));
  }
  TRY(replace_file(files, endpoint_path(options.data), as_bytes(origin + "\n"), 0644));
  server->serve(runtime, service);

  std::atomic<bool> ends{false};
  Datacenter datacenter(
      runtime, inside, bay,
      {.internal_token = state->internal_token, .origin = origin, .progress_bytes = 4 * MiB});
  Task importing = runtime.spawn("datacenter", [&] {
    while (!ends) {
      const auto round = datacenter.run_round();
      if (!options.quiet && round)
        for (const std::string& line : round->lines) fmt::print(stderr, "fakeazure: {}\n", line);
      if (!round) fmt::print(stderr, "fakeazure: {}\n", round.error().message());
      runtime.sleep_ns(kRoundPause_ns);
    }
  });
  if (options.tls)
    say(options, "certificate", "fakeazure: certificate in " + listening.certificate_file,
        listening.certificate_file);
  say(options, "listening", "fakeazure: listening on " + origin, origin);
  int signal = 0;
  sigwait(&ending, &signal);
  ends = true;
  server->stop();
  importing->join();
  return {};
}

Result<std::string> endpoint_of(FileStore& files, const Options& options) {
  if (!options.endpoint.empty()) return options.endpoint;
  const auto text = read_file(files, endpoint_path(options.data), kSmallFileBytesMax);
  if (!text)
    return fail(text.error().code, "it is not known where fakeazure listens", text.error().where,
                "Start `fakeazure serve` on this directory first, or name it: --endpoint http://HOST:PORT.");
  std::string origin(as_text(*text));
  while (origin.ends_with('\n')) origin.pop_back();
  return origin;
}

// The vault learns the certificate from the running service, so that its database stays one process's.
Status write_credentials(const Options& options) {
  PosixFiles files;
  ThreadRuntime runtime;
  const std::string origin = TRY(endpoint_of(files, options));
  const auto made = TRY(make_certificate(options.vault, "", runtime.utc_ns(), kCertificateDays));
  HttpClientOptions client_options;
  if (origin.starts_with("https:")) client_options.ca_file = certificate_path(options.data);
  HttpClient client(client_options);
  HttpRequest request;
  request.method = "POST";
  request.target = origin + "/_dock/vaults/" + options.vault;
  request.headers.emplace_back("Content-Type", "application/json");
  const std::string body = nlohmann::json{{"certificate", base64(made.certificate_der)}}.dump();
  request.body.assign(body.begin(), body.end());
  const auto answer = client.send(request);
  if (!answer)
    return fail(ErrorCode::io_error, answer.error().what, request.target,
                "Start `fakeazure serve` on this directory.");
  if (answer->status / 100 != 2)
    return fail(ErrorCode::refused,
                fmt::format("the service answered {}: {}", answer->status, as_text(answer->body)),
                request.target);
  const std::string text = vault_credentials_xml({.subscription = options.subscription,
                                                  .resource_group = options.resource_group,
                                                  .vault = options.vault,
                                                  .location = options.location,
                                                  .endpoint = origin},
                                                 made.pfx.span());
  return replace_file(files, options.output, as_bytes(text), 0600);
}

Status write_publish_settings(const Options& options) {
  PosixFiles files;
  ThreadRuntime runtime;
  const std::string origin = TRY(endpoint_of(files, options));
  const auto made = TRY(make_certificate("seedbed management", "", runtime.utc_ns(), kCertificateDays));
  const std::string text = publish_settings_xml(options.subscription, options.name, origin, made.pfx.span());
  return replace_file(files, options.output, as_bytes(text), 0600);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("fakeazure: storage accounts, import jobs, vaults and a loading dock on this machine",
               "fakeazure");
  app.footer(kExitCodes);
  app.set_version_flag("--version", "fakeazure " SEEDBED_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--json", options.json, "JSON Lines on standard output, text for people on standard error");
  app.add_flag("--quiet", options.quiet, "only errors, and where it listens");

  auto* serving =
      app.add_subcommand("serve", "answer until SIGTERM or SIGINT; kill -9 loses nothing answered");
  auto* credentials = app.add_subcommand("credentials", "a vault and its .VaultCredentials file");
  auto* settings =
      app.add_subcommand("publishsettings", "a .publishsettings file with a management certificate");
  for (auto* sub : {serving, credentials, settings})
    sub->add_option("--data", options.data, "the directory of the services' state")->required();
  serving->add_option("--listen", options.listen, "HOST:PORT; port 0 takes one that is free")
      ->capture_default_str();
  serving->add_flag("--tls", options.tls, "HTTPS, with a certificate of its own kept in the data directory");
  serving->add_option("--bay", options.bay, "the data centre's drive bay: a directory of drive images");
  serving->add_option("--clock", options.clock, "manual: stands still but for the loading dock")
      ->check(CLI::IsMember({"real", "manual"}));
  serving->add_option("--chaos", options.chaos, "a file of faults to inject (not there yet)");
  serving->add_option("--account", options.accounts, "NAME:KEY, one more storage account; may be repeated");
  serving->add_option("--token", options.token, "the only good bearer token (default: any)");
  credentials->add_option("--vault", options.vault, "2 to 50 letters, digits, '-'")->required();
  for (auto* sub : {credentials, settings}) {
    sub->add_option("-o,--output", options.output, "the file to write, mode 0600")->required();
    sub->add_option("--endpoint", options.endpoint,
                    "where fakeazure listens (default: as the data directory says)");
    sub->add_option("--subscription", options.subscription, "subscription id")->capture_default_str();
  }
  credentials->add_option("--resource-group", options.resource_group)->capture_default_str();
  credentials->add_option("--location", options.location)->capture_default_str();
  settings->add_option("--name", options.name, "the subscription's name")->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!options.chaos.empty()) throw CLI::ValidationError("--chaos", "faults cannot be injected here yet");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status done = *serving       ? serve(options)
                      : *credentials ? write_credentials(options)
                                     : write_publish_settings(options);
  if (done) return 0;
  fmt::print(stderr, "fakeazure: {}\n", done.error().message());
  return done.error().code == ErrorCode::invalid_argument ? 2 : 1;
}

}  // namespace
}  // namespace seedbed

int main(int argc, char** argv) {
  return seedbed::run(argc, argv);
}
