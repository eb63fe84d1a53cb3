// Golden drives and a golden staging location, frozen in tests/golden: what was once written stays readable,
// by our independent readers and by other people's, and today's engine still writes the same bytes. When a
// format changes on purpose, scripts/golden makes them anew, and the commit says which version changed.
#include <filesystem>
#include <fstream>

#include "engine/linux/posix_files.h"
#include "fakes/reference/manifest.h"
#include "fakes/reference/sealed_tree.h"
#include "scenarios/foreign_reader.h"
#include "scenarios/second_opinion.h"
#include "tests/soundness/golden_world.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::soundness {
namespace {

using testing_support::missing_program;
using testing_support::run_command;
using testing_support::TempDirectory;

constexpr const char* kGoldenStagingTitle = "seedbed golden staging 1";

// SEEDBED_GOLDEN_WRITE=1: the files are made anew instead of read. (scripts/golden)
bool writes_anew() {
  return std::getenv("SEEDBED_GOLDEN_WRITE") != nullptr;
}

std::string golden_path(const std::string& name) {
  return std::string(SEEDBED_SOURCE_DIR) + "/tests/golden/" + name;
}

Bytes golden(const std::string& name) {
  std::ifstream in(golden_path(name), std::ios::binary);
  if (!in) throw std::runtime_error(golden_path(name) + " is not there: scripts/golden makes it");
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_golden(const std::string& name, ByteSpan bytes) {
  std::ofstream(golden_path(name), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void expect_golden(const std::string& name, const std::string& listing) {
  if (writes_anew()) put_golden(name, as_bytes(listing));
  EXPECT_EQ(listing, as_text(golden(name)));
}

Bytes all_of(reference::ByteSource& source) {
  Bytes bytes(source.size_bytes());
  EXPECT_TRUE(source.read(0, bytes));
  return bytes;
}

// Every file of the drive and every blob of its manifest, a line each.
struct Listing {
  std::string text;
  std::map<std::string, std::string> sha256;  // "/session-1/a.txt", without BitLocker's own
};

Listing read_by_reference(const GoldenDrive& drive) {
  Listing listing;
  reference::MemorySource source(whole(drive.medium));
  reference::DriveSecret secret;
  secret.text = SecretBytes::of_text(drive.recovery_password);
  secret.memo = &shared_stretch_memo();
  const auto opened = reference::Drive::open(source, secret);
  if (!opened) throw std::runtime_error(opened.error().message());
  for (const auto& finding : (*opened)->findings()) ADD_FAILURE() << finding.line();
  listing.text =
      fmt::format("drive {} of {} bytes, sectors of {}\nimage {}\n", drive.serial,
                  drive.medium.capacity_bytes(), drive.sector_bytes, sha256_of(whole(drive.medium)));
  reference::NtfsVolume& ntfs = (*opened)->ntfs();
  const auto walked = ntfs.walk();
  if (!walked) throw std::runtime_error(walked.error().message());
  for (const auto& [path, entry] : *walked) {
    if (entry.directory) continue;
    const Bytes content = all_of(*ntfs.open_file(entry).value());
    listing.text += fmt::format("file {} {} {}\n", sha256_of(content), content.size(), path);
    std::string foreign = path;
    std::ranges::replace(foreign, '\\', '/');
    if (!foreign.starts_with("/System Volume Information/")) listing.sha256[foreign] = sha256_of(content);
  }
  const auto manifest = ntfs.open_file(ntfs.find("\\DriveManifest.xml").value());
  const auto head = reference::read_manifest(**manifest, [&](reference::ManifestEntry&& blob) -> Status {
    listing.text +=
        fmt::format("blob {} {} bytes in {} pieces: {} from {}\n", blob.page_blob ? "page" : "block",
                    blob.length_bytes, blob.pieces.size(), blob.blob_path, blob.file_path);
    return {};
  });
  EXPECT_TRUE(head) << head.error().message();
  listing.text += fmt::format("manifest {} of {}\n", head->version, head->drive_id);
  return listing;
}

void expect_others_agree(const GoldenDrive& drive, const Listing& listing) {
  TempDirectory directory;
  const std::string image = directory.file("drive.img"), partition = directory.file("partition.img");
  ASSERT_TRUE(write_sparse_image(drive.medium, image));
  if (const std::string missing = ForeignReader::missing(); !missing.empty()) {
    std::cout << "ABSENT: " << missing << "; dislocker and ntfs-3g read nothing\n";
  } else {
    const auto foreign =
        ForeignReader::open(image, drive.partition.offset_bytes, drive.recovery_password, directory.path());
    ASSERT_TRUE(foreign) << foreign.error().message();
    std::map<std::string, std::string> found;
    const auto listed = (*foreign)->list();
    ASSERT_TRUE(listed) << listed.error().message();
    for (const std::string& path : *listed)
      if (!path.starts_with("/System Volume Information/"))
        found[path] = sha256_of((*foreign)->read(path).value_or(Bytes()));
    EXPECT_EQ(found, listing.sha256);
  }
  Medium inside(drive.partition.length_bytes);
  Bytes bytes(drive.partition.length_bytes);
  drive.medium.read(drive.partition.offset_bytes, bytes);
  inside.write(0, bytes);
  ASSERT_TRUE(write_sparse_image(inside, partition));
  if (const std::string missing = missing_program("cryptsetup", "cryptsetup-bin"); !missing.empty()) {
    std::cout << "ABSENT: " << missing << "; cryptsetup unlocked nothing\n";
  } else {
    const auto dump =
        run_command({"cryptsetup", "bitlkDump", "--dump-volume-key", "-q", "--key-file", "-", partition},
                    drive.recovery_password);
    ASSERT_TRUE(dump.ok()) << dump.text();
    std::string digits;
    for (const char c : dump.output.substr(std::min(dump.output.find("MK dump:") + 8, dump.output.size())))
      if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
    EXPECT_EQ(digits, hex_lower(drive.volume_key));
  }
  if (const std::string missing = missing_program("bdeinfo", "libbde-utils"); !missing.empty()) {
    std::cout << "ABSENT: " << missing << "; libbde unlocked nothing\n";
  } else {
    const auto unlocked = run_command({"bdeinfo", "-r", drive.recovery_password, partition});
    EXPECT_TRUE(unlocked.ok()) << unlocked.text();
    EXPECT_NE(unlocked.output.find("AES-XTS 128-bit"), std::string::npos) << unlocked.text();
  }
}

class Golden : public testing::TestWithParam<GoldenSpec> {};
INSTANTIATE_TEST_SUITE_P(drives, Golden, testing::ValuesIn(kGoldenDrives), [](const auto& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST_P(Golden, everybody_reads_the_drive_and_the_engine_still_makes_it) {
  const std::string name = GetParam().name;
  const GoldenDrive made = GoldenWorld(name, GetParam().page_blobs ? 512 : 1).make_drive(GetParam());
  if (HasFatalFailure()) return;
  if (writes_anew()) put_golden(name + ".drive", pack_drive(made));
  const GoldenDrive frozen = unpack_drive(golden(name + ".drive"));
  const Listing listing = read_by_reference(frozen);
  expect_golden(name + ".list", listing.text);
  expect_others_agree(frozen, listing);
  EXPECT_EQ(sha256_of(whole(made.medium)), sha256_of(whole(frozen.medium)))
      << "the engine writes other bytes than those frozen in tests/golden. If a format was changed on "
         "purpose, "
         "say so in the commit and run scripts/golden";
}

TEST(GoldenStaging, is_read_and_still_made) {
  const std::string name = std::string(kGoldenStaging) + ".files";
  const auto made = GoldenWorld(kGoldenStaging).make_staging();
  if (writes_anew()) {
    GoldenText text{.title = kGoldenStagingTitle, .fields = {}, .records = {}};
    text.fields["passphrase"] = kGoldenPassphrase;
    for (const auto& [file, bytes] : made) {
      const std::string head = fmt::format("{} {}\n", file, bytes.size());
      text.records.insert(text.records.end(), head.begin(), head.end());
      text.records.insert(text.records.end(), bytes.begin(), bytes.end());
    }
    put_golden(name, text.encode());
  }
  const GoldenText text = GoldenText::parse(golden(name), kGoldenStagingTitle);
  TempDirectory directory;
  PosixFiles files;
  std::map<std::string, Bytes> frozen;
  std::string_view rest = as_text(text.records);
  while (!rest.empty()) {
    const size_t space = rest.find(' '), end = rest.find('\n');
    const std::string file(rest.substr(0, space));
    const size_t size_bytes = std::stoul(std::string(rest.substr(space + 1, end - space - 1)));
    const ByteSpan bytes = as_bytes(rest.substr(end + 1, size_bytes));
    rest.remove_prefix(end + 1 + size_bytes);
    frozen[file] = Bytes(bytes.begin(), bytes.end());
    ASSERT_TRUE(replace_file(files, directory.file(file), bytes));
  }

  const std::string passphrase = text.fields.at("passphrase");
  const auto seed = reference::read_staged_seed(files, directory.path(), "job1", passphrase);
  for (const auto& finding : seed.findings) ADD_FAILURE() << finding.line();
  ASSERT_FALSE(seed.indexes.empty());
  const auto keys = reference::derive_seal_keys(passphrase, seed.indexes.front().facts.stretch);
  std::string listing;
  for (const auto& [file, bytes] : frozen)
    listing += fmt::format("staged {} {} {}\n", sha256_of(bytes), bytes.size(), file);
  for (const auto& [path, entry] : seed.tree.entries()) {
    if (entry.kind == FileKind::directory) {
      listing += fmt::format("directory {:o} {}\n", entry.mode, path);
      continue;
    }
    const auto content = reference::sealed_content(seed.tree, path, *keys, seed.fetch());
    ASSERT_TRUE(content) << content.error().message();
    listing += fmt::format("file {} {} {:o} {} {}\n", sha256_of(*content), entry.size_bytes, entry.mode,
                           entry.modified_ns, path);
  }
  expect_golden(std::string(kGoldenStaging) + ".list", listing);
  EXPECT_EQ(made, frozen)
      << "the engine stages other bytes than those frozen in tests/golden. If a format was "
         "changed on purpose, say so in the commit and run scripts/golden";
}

// The packing is no more than that: a changed bit is found.
TEST(GoldenFile, bytes_that_are_not_the_frozen_ones_are_refused) {
  GoldenDrive drive{.serial = "S",
                    .recovery_password = "none",
                    .sector_bytes = 512,
                    .partition = {kGoldenPage_bytes, 4 * kGoldenPage_bytes},
                    .volume_key = Bytes(32, 1),
                    .medium = Medium(8 * kGoldenPage_bytes)};
  drive.volume_key[20] = 2;  // XTS wants two keys
  Bytes page(kGoldenPage_bytes, 'x');
  drive.medium.write(0, page);
  cipher_of(drive).encrypt(kGoldenPage_bytes, page);
  drive.medium.write(2 * kGoldenPage_bytes, page);
  const Bytes packed = pack_drive(drive);
  EXPECT_LT(packed.size(), 1000u) << "the sealed page was not opened";
  EXPECT_EQ(unpack_drive(packed).medium.hash(), drive.medium.hash());
  Bytes other = packed;
  const std::string_view words = as_text(other);
  other[words.find("volume-key ") + 11] ^= 1;
  EXPECT_THROW(unpack_drive(other), std::runtime_error);
}

}  // namespace
}  // namespace seedbed::soundness
