#include "engine/prep/prep_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/text.h"

namespace seedbed {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

std::unexpected<Error> usage(std::string what,
                             std::string remedy = "See offseed waimportexport PrepImport --help") {
  return fail(ErrorCode::invalid_argument, std::move(what), "the command's options", std::move(remedy));
}

Result<BlobType> blob_type_of(const std::string& value) {
  if (value == "BlockBlob") return BlobType::block_blob;
  if (value == "PageBlob") return BlobType::page_blob;
  return usage(
      fmt::format("/BlobType:{} is neither BlockBlob nor PageBlob (upper and lower case matter)", value));
}

}  // namespace

Result<PrepImportOptions> parse_prep_import(const std::vector<std::string>& arguments) {
  PrepImportOptions options;
  std::set<std::string> seen;
  bool blob_type_given = false, disposition_given = false;
  for (const std::string& argument : arguments) {
    const size_t colon = argument.find(':');
    const std::string name = lower(std::string_view(argument).substr(0, colon));
    const bool has_value = colon != std::string::npos;
    std::string value = has_value ? argument.substr(colon + 1) : std::string();
    if (name.empty() || name[0] != '/')
      return usage(fmt::format("\"{}\" is no option; options begin with /", argument));
    if (!seen.insert(name).second) return usage(fmt::format("{} is given twice", name));
    const auto flag = [&](bool& target) -> Status {
      if (has_value) return usage(name + " takes no value");
      target = true;
      return {};
    };
    const auto text = [&](std::string& target) -> Status {
      if (value.empty()) return usage(name + " needs a value: " + name + ":VALUE");
      target = std::move(value);
      return {};
    };
    const auto secret = [&](SecretBytes& target) -> Status {
      if (value.empty()) return usage(name + " needs a value");
      target = SecretBytes::of_text(value);
      wipe({reinterpret_cast<uint8_t*>(value.data()), value.size()});
      return {};
    };
    if (name == "/j") {
      TRY(text(options.journal));
    } else if (name == "/id") {
      TRY(text(options.session_id));
    } else if (name == "/logdir") {
      TRY(text(options.log_directory));
    } else if (name == "/sk") {
      TRY(secret(options.storage_account_key));
    } else if (name == "/csas") {
      TRY(secret(options.container_sas));
    } else if (name == "/t") {
      TRY(text(options.target));
    } else if (name == "/format") {
      TRY(flag(options.format));
    } else if (name == "/encrypt") {
      TRY(flag(options.encrypt));
    } else if (name == "/silentmode") {
      TRY(flag(options.silent));
    } else if (name == "/srcdir") {
      TRY(text(options.source_directory));
    } else if (name == "/dstdir") {
      TRY(text(options.destination));
    } else if (name == "/resumesession") {
      TRY(flag(options.resume));
    } else if (name == "/abortsession") {
      TRY(flag(options.abort));
    } else if (name == "/blobtype") {
      std::string word;
      TRY(text(word));
      options.blob_type = TRY(blob_type_of(word));
      blob_type_given = true;
    } else if (name == "/disposition") {
      TRY(text(options.disposition));
      if (options.disposition != "rename" && options.disposition != "no-overwrite" &&
          options.disposition != "overwrite")
        return usage(fmt::format(
            "/Disposition:{} is none of rename, no-overwrite, overwrite (upper and lower case matter)",
            options.disposition));
      disposition_given = true;
    } else if (name == "/srcfile" || name == "/dstblob" || name == "/bk" || name == "/propertyfile" ||
               name == "/metadatafile" || name == "/skipwrite" || name == "/enablecontentmd5" ||
               name == "/dataset" || name == "/initialdriveset" || name == "/additionaldriveset") {
      return fail(ErrorCode::unsupported,
                  fmt::format("{} is an option of WAImportExport that this version does not have", name), {},
                  "Leave it out, or use /srcdir and /dstdir");
    } else {
      return usage(fmt::format("unknown option {}", name));
    }
  }
  if (options.journal.empty()) return usage("/j:JOURNALFILE is missing");
  if (!lower(options.journal).ends_with(".jrn"))
    return usage(fmt::format("the journal file {} must have the extension .jrn", options.journal));
  if (options.session_id.empty()) return usage("/id:SESSIONID is missing");
  TRY(check_session_id(options.session_id));
  if (options.resume && options.abort) return usage("/ResumeSession and /AbortSession exclude each other");
  if (!options.destination.empty()) TRY(check_destination(options.destination));
  if (!options.source_directory.empty() && !options.source_directory.starts_with('/'))
    return usage(fmt::format("/srcdir:{} is no absolute path", options.source_directory));
  if (options.source_directory.empty() != options.destination.empty())
    return usage("/srcdir and /dstdir go together");
  if (options.format && !options.encrypt)
    return usage("When /format is specified, /encrypt must also be specified");
  if (!options.storage_account_key.empty() && !parse_base64(options.storage_account_key.text()))
    return usage("the storage account key given by /sk is not Base64",
                 "Copy the whole key from the portal, with its trailing ==");
  if (!options.storage_account_key.empty() && !options.container_sas.empty())
    return usage("/sk and /csas exclude each other");
  if ((options.resume || options.abort) &&
      (!options.source_directory.empty() || blob_type_given || disposition_given || options.format))
    return usage(
        "/ResumeSession and /AbortSession take only /j and /id (and /t when the drive's path has changed)");
  return options;
}

Status check_session_id(const std::string& id) {
  const bool right_length = id.size() >= 3 && id.size() <= 30;
  const bool right_letters = std::ranges::all_of(
      id, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '#'; });
  if (right_length && right_letters) return {};
  return usage(fmt::format("the session id \"{}\" must have 3 to 30 letters, digits, '_', '-' or '#'", id));
}

Status check_container_name(const std::string& name) {
  const auto legal = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  const bool right = name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, legal) &&
                     name.front() != '-' && name.back() != '-' && name.find("--") == std::string::npos;
  if (right) return {};
  return usage(fmt::format("the container name \"{}\" must have 3 to 63 lower-case letters, digits and "
                           "single dashes, and begin and end with a letter or digit",
                           name),
               "Choose another container in /dstdir");
}

Status check_destination(const std::string& destination) {
  const size_t slash = destination.find('/');
  if (slash == std::string::npos || destination.back() != '/')
    return usage(fmt::format("/dstdir:{} must begin with a container name and a slash, and end with a slash",
                             destination));
  const std::string container = destination.substr(0, slash);
  if (container == "$root") {
    if (destination != "$root/") return usage("the root container holds no directories: /dstdir:$root/");
    return {};
  }
  TRY(check_container_name(container));
  if (destination.find("//") != std::string::npos)
    return usage(fmt::format("/dstdir:{} has an empty directory name", destination));
  if (!utf16_of(destination)) return usage("/dstdir is not UTF-8");
  if (utf16_of(destination)->size() > 900)
    return usage("/dstdir leaves no room for blob names (1024 characters in all)");
  return {};
}

Status check_first_session(const PrepImportOptions& options) {
  if (options.target.empty()) return usage("the first session of a drive needs /t:DRIVE");
  if (options.storage_account_key.empty() && options.container_sas.empty())
    return usage("the first session of a drive needs /sk:KEY (or /csas:SAS)");
  if (options.source_directory.empty())
    return usage("the first session of a drive needs /srcdir:DIRECTORY and /dstdir:CONTAINER/");
  if (!options.format)
    return usage(
        "the first session of a drive needs /format /encrypt: drives that are encrypted already (/bk) are "
        "not taken",
        "Add /format /encrypt; the drive is erased");
  return {};
}

}  // namespace seedbed
