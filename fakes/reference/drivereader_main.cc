// drivereader: looks into a prepared drive (or an image of one) with readers that share no code with what
// wrote it, and judges it.
//
//   drivereader check IMAGE --recovery-password-file F [--manifest-hash HEX] [--drive-id ID] [--source DIR
//   --prefix container/dir/] drivereader ls IMAGE [PATH] …     drivereader cat IMAGE PATH …     drivereader
//   manifest IMAGE …
//
// Secrets come from files or standard input (-), never from the command line. Exit 0: fine; 1: findings, one
// a line; 2: usage.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>

#include "engine/linux/open_drive.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "fakes/reference/drive_judge.h"

namespace {

using namespace seedbed;
using namespace seedbed::reference;

constexpr uint64_t kSecretMax = 4096;

struct Options {
  std::string image, path = "\\", recovery_password_file, password_file, manifest_hash, drive_id;
  uint32_t sector_bytes = 0;
  std::vector<std::string> sources, prefixes;
};

Result<SecretBytes> read_secret(FileStore& files, const std::string& path) {
  SecretBytes bytes;
  if (path == "-") {
    SecretBytes buffer(kSecretMax);
    size_t length = 0;
    for (;;) {
      const ssize_t got = ::read(STDIN_FILENO, buffer.mutable_span().data() + length, buffer.size() - length);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno(errno, "read", "standard input");
      if (got == 0) break;
      length += static_cast<size_t>(got);
      if (length == buffer.size())
        return fail(ErrorCode::invalid_argument, "the secret is too long", "standard input");
    }
    bytes = SecretBytes(buffer.span().first(length));
  } else {
    Bytes content = TRY(read_file(files, path, kSecretMax));
    bytes = SecretBytes(ByteSpan(content));
    wipe(content);
  }
  size_t length = bytes.size();
  while (length > 0 && (bytes.text()[length - 1] == '\n' || bytes.text()[length - 1] == '\r')) length--;
  return SecretBytes(bytes.span().first(length));
}

Status write_out(ByteSpan bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
    return fail_errno(errno, "write", "standard output");
  return {};
}

Status list(Drive& drive, const std::string& path) {
  const auto directory = TRY(drive.ntfs().find(path));
  for (const auto& entry : TRY(drive.ntfs().list(directory.reference)))
    TRY(write_out(as_bytes(fmt::format("{} {:>16} {}\n", entry.directory ? 'd' : '-',
                                       entry.directory ? 0 : entry.listed_bytes, entry.name))));
  return {};
}

Status print_file(Drive& drive, std::string_view path) {
  const auto file = TRY(drive.ntfs().open_file(TRY(drive.ntfs().find(path))));
  Bytes chunk(1 * MiB);
  for (uint64_t at = 0; at < file->size_bytes(); at += chunk.size()) {
    const auto part = MutableByteSpan(chunk).first(std::min<uint64_t>(chunk.size(), file->size_bytes() - at));
    TRY(file->read(at, part));
    TRY(write_out(part));
  }
  return {};
}

Result<bool> check(Drive& drive, FileStore& files, const Options& options) {
  Expectations expected{.manifest_hash = {}, .drive_id = options.drive_id, .sources = {}, .files = &files};
  if (!options.manifest_hash.empty()) {
    const auto hash = parse_hex(options.manifest_hash);
    Md5 md5;
    if (!hash || hash->size() != md5.size())
      return fail(ErrorCode::invalid_argument, "--manifest-hash takes 32 hex digits");
    std::copy_n(hash->begin(), md5.size(), md5.begin());
    expected.manifest_hash = md5;
  }
  for (size_t i = 0; i < options.sources.size(); i++)
    expected.sources.push_back({options.sources[i], options.prefixes[i]});
  const Judgement judgement = judge_drive(drive, expected);
  for (const auto& finding : judgement.findings) TRY(write_out(as_bytes(finding.line() + '\n')));
  if (judgement.findings_dropped > 0)
    TRY(write_out(as_bytes(fmt::format("… and {} more\n", judgement.findings_dropped))));
  for (const auto& path : judgement.unlisted_files) fmt::print(stderr, "not in the manifest: {}\n", path);
  fmt::print(stderr,
             "drive {}, manifest MD5 {}: {} blobs ({} page blobs), {} pieces hashed ({}), {} source files "
             "compared ({})\n",
             judgement.drive_id, hex_upper(judgement.manifest_md5), judgement.blobs, judgement.page_blobs,
             judgement.pieces, human_bytes(judgement.hashed_bytes), judgement.source_files,
             human_bytes(judgement.compared_bytes));
  return judgement.fine();
}

struct Image {
  std::unique_ptr<BlockDevice> device;
  std::unique_ptr<ByteSource> source;
};

Result<Image> open_image(FileStore& files, const std::string& named) {
  const std::string path = TRY(files.real_path(named));
  Image image;
  if (TRY(files.stat(path)).kind == FileKind::other) {
    OpenDriveOptions options;
    options.write = false;
    OsEntropy entropy;
    image.device = TRY(open_drive(path, options, entropy));
    image.source = std::make_unique<DeviceSource>(*image.device);
  } else {
    image.source = TRY(FileSource::open(files, path));
  }
  return image;
}

Result<bool> run(const CLI::App& command, const Options& options) {
  PosixFiles files;
  const bool by_password = !options.password_file.empty();
  const DriveSecret secret{
      by_password ? DriveSecret::Kind::password : DriveSecret::Kind::recovery_password,
      TRY(read_secret(files, by_password ? options.password_file : options.recovery_password_file))};
  const auto image = TRY(open_image(files, options.image));
  const auto drive = TRY(Drive::open(*image.source, secret, options.sector_bytes));
  const std::string name = command.get_name();
  if (name == "check") return check(*drive, files, options);
  if (name == "ls") TRY(list(*drive, options.path));
  if (name == "cat") TRY(print_file(*drive, options.path));
  if (name == "manifest") TRY(print_file(*drive, kManifestPath));
  return true;
}

void add_common(CLI::App& command, Options& options) {
  command.add_option("IMAGE", options.image, "an image file of a drive, or a drive")->required();
  command
      .add_option("--sector-bytes", options.sector_bytes,
                  "512 or 4096; default: wherever the partition table is")
      ->check(CLI::IsMember({512, 4096}));
  auto* secrets =
      command.add_option_group("secret", "how the volume is unlocked (a file, or - for standard input)");
  secrets->add_option("--recovery-password-file", options.recovery_password_file, "8 groups of 6 digits");
  secrets->add_option("--password-file", options.password_file, "UTF-8 text");
  secrets->require_option(1);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Looks into a prepared drive and judges it, with readers of its own.", "drivereader");
  app.set_version_flag("--version", "drivereader " SEEDBED_VERSION);
  app.require_subcommand(1);
  auto* check_command = app.add_subcommand("check", "is the drive what its manifest (and the source) says?");
  auto* list_command = app.add_subcommand("ls", "list a directory");
  auto* cat_command = app.add_subcommand("cat", "print a file");
  auto* manifest_command = app.add_subcommand("manifest", "print \\DriveManifest.xml");
  for (auto* command : {check_command, list_command, cat_command, manifest_command})
    add_common(*command, options);
  check_command->add_option("--manifest-hash", options.manifest_hash, "the job's ManifestHash: MD5 in hex");
  check_command->add_option("--drive-id", options.drive_id, "the drive's serial number");
  auto* source = check_command->add_option("--source", options.sources,
                                           "a tree that was copied; may be repeated, each with its --prefix");
  check_command
      ->add_option("--prefix", options.prefixes, "what stands before its paths in blob names: container/dir/")
      ->needs(source);
  list_command->add_option("PATH", options.path, "default: the root");
  cat_command->add_option("PATH", options.path, "\\dir\\file or dir/file")->required();
  try {
    app.parse(argc, argv);
    if (options.sources.size() != options.prefixes.size())
      throw CLI::ValidationError("--source", "each needs one --prefix");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto outcome = run(*app.get_subcommands().front(), options);
  if (!outcome) {
    const bool usage = outcome.error().code == ErrorCode::invalid_argument;
    // a drive that cannot be opened is a finding too
    fmt::print(!usage && check_command->parsed() ? stdout : stderr, "{}: {}\n", options.image,
               outcome.error().message());
    return usage ? 2 : 1;
  }
  if (std::fflush(stdout) != 0) return 1;
  return *outcome ? 0 : 1;
}
