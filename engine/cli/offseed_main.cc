// offseed: the production engine's command line.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "engine/cli/chain_commands.h"
#include "engine/cli/drive_command.h"
#include "engine/cli/job_command.h"
#include "engine/cli/waimportexport_command.h"
#include "engine/linux/http_client.h"

namespace seedbed {
namespace {

constexpr const char* kPrepImportHelp =
    "offseed waimportexport PrepImport: prepare a drive for an import job. Options as WAImportExport v1:\n"
    "  /j:FILE.jrn              the drive's journal, never on the target drive; one drive, one journal\n"
    "  /id:SESSION              3 to 30 letters, digits, '_', '-', '#'\n"
    "  /logdir:DIR              logs and temporary files (default: the journal's directory)\n"
    "  /sk:KEY | /csas:SAS      storage account key, or container SAS (first session)\n"
    "  /t:DRIVE                 device, image file, or a letter of --drive-map (first session)\n"
    "  /format /encrypt         erase and encrypt the drive (first session)\n"
    "  /silentmode              format without asking\n"
    "  /srcdir:DIR /dstdir:C/   what to copy, and container/virtual directory/ it goes to\n"
    "  /BlobType:BlockBlob|PageBlob    /Disposition:rename|no-overwrite|overwrite\n"
    "  /ResumeSession | /AbortSession  with /j and /id; the same command again resumes too\n"
    "Options of seedbed: --policy FILE --plan --no-proof --workers N --checkpoint-mib N --drive-map FILE "
    "--volume-password-file FILE --temporary-directory DIR\n";

// Keys given as words are blanked, so that a process listing shows them no longer than it takes to start.
void blank_secrets(int argc, char** argv) {
  for (int i = 1; i < argc; i++)
    for (const char* name : {"/sk:", "/csas:", "--recovery-password="})
      if (strncasecmp(argv[i], name, std::strlen(name)) == 0)
        std::memset(argv[i] + std::strlen(name), '*', std::strlen(argv[i] + std::strlen(name)));
  for (int i = 1; i + 1 < argc; i++)
    if (std::strcmp(argv[i], "--recovery-password") == 0)
      std::memset(argv[i + 1], '*', std::strlen(argv[i + 1]));
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("offseed: offline seeding of encrypted drives, from the command line");
  app.footer(kExitCodeHelp);
  app.set_version_flag("--version", "offseed " SEEDBED_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  TerminalOptions terminal;
  app.add_flag("--json", terminal.json, "JSON Lines on standard output, text for people on standard error");
  app.add_flag("--quiet", terminal.quiet, "only warnings, errors and questions");

  HttpClientOptions http_options;
  app.add_option("--ca-file", http_options.ca_file, "PEM file: the only certificate authorities believed");
  ChainCommands chain(app);
  JobCommands job(app);

  WaImportExportCommand wai;
  auto* wai_app = app.add_subcommand("waimportexport", "the WAImportExport v1 command line");
  wai_app->footer(std::string(kPrepImportHelp) + kExitCodeHelp);
  wai_app->add_option("words", wai.words, "PrepImport and its /options");
  wai_app->add_flag("--plan", wai.plan, "decide and show everything, touch nothing");
  wai_app->add_flag("!--no-proof", wai.proof,
                    "do not read everything back before the session counts as complete");
  wai_app->add_option("--workers", wai.workers, "CPU-bound tasks (default: one a core)")
      ->check(CLI::Range(0, 256));
  wai_app->add_option("--checkpoint-mib", wai.checkpoint_mib, "between checkpoints (default 32)")
      ->check(CLI::Range(1, 1024));
  wai_app->add_option("--drive-map", wai.drive_map, "TOML file: which device a drive letter means");
  wai_app->add_option("--policy", wai.policy,
                      "the backup's policy: /sk must be a key of its account, the source its backup");
  wai_app->add_option("--volume-password-file", wai.volume_password_file,
                      "a file whose first line opens the volume too (-: standard input); first session");
  wai_app->add_option("--temporary-directory", wai.temporary_directory,
                      "for the formatter's sparse file (default: the log directory)");

  DriveCommand drive;
  std::string size;
  auto* drive_app = app.add_subcommand("drive", "look at drives; make image files to rehearse on");
  drive_app->require_subcommand(1);
  const auto with_key = [&](CLI::App* sub) {
    sub->add_option("--recovery-password", drive.recovery_password, "the 48-digit recovery password");
    sub->add_option("--key-file", drive.key_file,
                    "a file whose first line is the recovery password or password (-: standard input)");
    sub->add_option("--journal", drive.journal, "take the key from the drive's journal");
  };
  const auto drive_verb = [&](const char* name, const char* what) {
    auto* sub = drive_app->add_subcommand(name, what);
    sub->add_option("drive", drive.path, "device or image file")->required();
    return sub;
  };
  auto* create = drive_verb("create", "a blank, sparse image file to rehearse on");
  create->add_option("--size", size, "8GB, 10GiB, 1.5TB, …")->required();
  create->add_option("--sector-bytes", drive.sector_bytes, "512 or 4096")->check(CLI::IsMember({512, 4096}));
  auto* inspect = drive_verb("inspect", "what the drive is and holds; with a key also what is inside");
  with_key(inspect);
  auto* verify = drive_verb("verify", "hash everything the manifest names and compare");
  with_key(verify);
  auto* ls = drive_verb("ls", "the files on the drive");
  with_key(ls);
  ls->add_option("directory", drive.file, "where to begin (default /)");
  auto* cat = drive_verb("cat", "one file of the drive to standard output");
  with_key(cat);
  cat->add_option("file", drive.file, "path on the drive, with slashes")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {  // its message would repeat the words, keys among them
    std::fputs("offseed: there are arguments that were not expected. Run with --help for more information.\n",
               stderr);
    return static_cast<int>(ExitCode::usage);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  blank_secrets(argc, argv);

  ThreadRuntime runtime({.workers = wai.workers, .utc_clock = {}});
  PosixFiles files;
  OsEntropy entropy;
  terminal.assume_yes = chain.assumes_yes() || job.assumes_yes();
  Terminal person(terminal);
  HttpClient http(http_options);
  CommandContext context{runtime, files, entropy, person, http};
  const auto dispatch = [&]() -> Result<ExitCode> {
    if (chain.given()) return chain.run(context);
    if (job.given()) return job.run(context);
    if (*wai_app) return run_waimportexport(context, wai);
    if (*create) {
      drive.size_bytes = TRY(parse_size(size));
      return run_drive_create(context, drive);
    }
    if (*inspect) return run_drive_inspect(context, drive);
    if (*verify) return run_drive_verify(context, drive);
    if (*ls) return run_drive_ls(context, drive);
    return run_drive_cat(context, drive);
  };
  const auto outcome = dispatch();
  if (outcome) return static_cast<int>(*outcome);
  const Error& error = outcome.error();
  person.event("error", {{"code", error_code_name(error.code)},
                         {"what", error.what},
                         {"where", error.where},
                         {"remedy", error.remedy}});
  person.notice(NoticeLevel::error, error.message());
  return static_cast<int>(exit_code_of(error.code));
}

}  // namespace
}  // namespace seedbed

int main(int argc, char** argv) {
  return seedbed::run(argc, argv);
}
