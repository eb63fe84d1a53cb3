// A manifest as a value, its text by the writer, and back by the reader.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "engine/documents/drive_manifest.h"
#include "engine/documents/xml.h"

namespace seedbed::test {

struct SampleBlob {
  ManifestBlob blob;
  std::vector<ManifestRange> ranges;
};
struct SampleList {
  std::string id;
  std::vector<SampleBlob> blobs;
};
struct SampleManifest {
  std::string drive_id = "9WM35C2V", key = "a2V5", sas;
  std::vector<SampleList> lists;
};

// The first error of the writer ends the writing.
inline Result<std::string> text_of(const SampleManifest& manifest) {
  std::string text;
  ManifestWriter writer([&text](ByteSpan piece) -> Status {
    text += as_text(piece);
    return {};
  });
  TRY(writer.begin(manifest.drive_id, manifest.key, manifest.sas));
  for (const auto& list : manifest.lists) {
    TRY(writer.begin_list(list.id));
    for (const auto& [blob, ranges] : list.blobs) {
      TRY(writer.begin_blob(blob));
      for (const auto& range : ranges) TRY(writer.range(range));
      TRY(writer.end_blob());
    }
    TRY(writer.end_list());
  }
  TRY(writer.finish());
  return text;
}

inline Result<SampleManifest> manifest_of(std::string_view text) {
  SampleManifest manifest;
  const ManifestHandler handler{
      .drive = [&](std::string_view drive_id, std::string_view key, std::string_view sas) -> Status {
        manifest.drive_id = drive_id;
        manifest.key = key;
        manifest.sas = sas;
        return {};
      },
      .list = [&](std::string_view id) -> Status {
        manifest.lists.push_back({std::string(id), {}});
        return {};
      },
      .blob = [&](const ManifestBlob& blob) -> Status {
        manifest.lists.back().blobs.push_back({blob, {}});
        return {};
      },
      .range = [&](const ManifestRange& range) -> Status {
        manifest.lists.back().blobs.back().ranges.push_back(range);
        return {};
      },
      .blob_end = []() -> Status { return {}; }};
  TRY(read_manifest(xml_source_of(text), handler, "DriveManifest.xml"));
  return manifest;
}

inline bool same(const SampleManifest& a, const SampleManifest& b) {
  const auto same_blob = [](const SampleBlob& x, const SampleBlob& y) {
    return x.blob.blob_path == y.blob.blob_path && x.blob.file_path == y.blob.file_path &&
           x.blob.length_bytes == y.blob.length_bytes && x.blob.disposition == y.blob.disposition &&
           x.blob.type == y.blob.type &&
           std::equal(x.ranges.begin(), x.ranges.end(), y.ranges.begin(), y.ranges.end(),
                      [](const auto& r, const auto& s) {
                        return r.offset_bytes == s.offset_bytes && r.length_bytes == s.length_bytes &&
                               r.hash == s.hash;
                      });
  };
  return a.drive_id == b.drive_id && a.key == b.key && a.sas == b.sas &&
         std::equal(a.lists.begin(), a.lists.end(), b.lists.begin(), b.lists.end(),
                    [&](const auto& x, const auto& y) {
                      return x.id == y.id && std::equal(x.blobs.begin(), x.blobs.end(), y.blobs.begin(),
                                                        y.blobs.end(), same_blob);
                    });
}

inline Md5 hash_filled(uint8_t byte) {
  Md5 hash;
  hash.fill(byte);
  return hash;
}

inline SampleManifest small_manifest() {
  SampleManifest manifest;
  manifest.lists = {
      {"session#1-0",
       {{{"backup/a.BaseBlob", "\\session#1\\a.BaseBlob", 4 * MiB + 1024, "rename", BlobType::page_blob},
         {{0, 4 * MiB, hash_filled(0x0a)}, {4 * MiB, 1024, hash_filled(0xbf)}}},
        {{"movies/Tom & \"Jerry\".mov", "\\session#1\\Tom & _Jerry_.mov", 700, "no-overwrite",
          BlobType::block_blob},
         {{0, 700, hash_filled(0x11)}}}}},
      {"session#2-0", {{{"movies/empty", "\\session#2\\empty", 0, "overwrite", BlobType::block_blob}, {}}}}};
  return manifest;
}

// small_manifest() as text.
inline constexpr std::string_view kGolden =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<DriveManifest Version=\"2014-11-01\">\n"
    "  <Drive>\n"
    "    <DriveId>9WM35C2V</DriveId>\n"
    "    <StorageAccountKey>a2V5</StorageAccountKey>\n"
    "    <ClientCreator>seedbed</ClientCreator>\n"
    "    <BlobList Id=\"session#1-0\">\n"
    "      <Blob>\n"
    "        <BlobPath>backup/a.BaseBlob</BlobPath>\n"
    "        <FilePath>\\session#1\\a.BaseBlob</FilePath>\n"
    "        <Length>4195328</Length>\n"
    "        <ImportDisposition>rename</ImportDisposition>\n"
    "        <PageRangeList>\n"
    "          <PageRange Offset=\"0\" Length=\"4194304\" Hash=\"0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A\" />\n"
    "          <PageRange Offset=\"4194304\" Length=\"1024\" Hash=\"BFBFBFBFBFBFBFBFBFBFBFBFBFBFBFBF\" />\n"
    "        </PageRangeList>\n"
    "      </Blob>\n"
    "      <Blob>\n"
    "        <BlobPath>movies/Tom &amp; &quot;Jerry&quot;.mov</BlobPath>\n"
    "        <FilePath>\\session#1\\Tom &amp; _Jerry_.mov</FilePath>\n"
    "        <Length>700</Length>\n"
    "        <ImportDisposition>no-overwrite</ImportDisposition>\n"
    "        <BlockList>\n"
    "          <Block Offset=\"0\" Length=\"700\" Hash=\"11111111111111111111111111111111\" />\n"
    "        </BlockList>\n"
    "      </Blob>\n"
    "    </BlobList>\n"
    "    <BlobList Id=\"session#2-0\">\n"
    "      <Blob>\n"
    "        <BlobPath>movies/empty</BlobPath>\n"
    "        <FilePath>\\session#2\\empty</FilePath>\n"
    "        <Length>0</Length>\n"
    "        <ImportDisposition>overwrite</ImportDisposition>\n"
    "        <BlockList>\n"
    "        </BlockList>\n"
    "      </Blob>\n"
    "    </BlobList>\n"
    "  </Drive>\n"
    "</DriveManifest>\n";

// The golden text with one piece of it replaced.
inline std::string golden_with(std::string_view from, std::string_view to) {
  std::string text(kGolden);
  const size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no such piece: " + std::string(from));
  return text.replace(at, from.size(), to);
}

}  // namespace seedbed::test
