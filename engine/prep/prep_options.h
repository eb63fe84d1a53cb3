// The words of a PrepImport command, WAImportExport v1 style (/j:F /id:ID /sk:K /t:DEV …), parsed and
// checked. Pure functions over text. [Preparing hard drives for an import job, v1 tool; SessionId rule of the
// v2 page; container naming rules]
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/documents/drive_manifest.h"

namespace seedbed {

struct PrepImportOptions {
  std::string journal;              // /j
  std::string session_id;           // /id
  std::string log_directory;        // /logdir, default: the journal's directory
  SecretBytes storage_account_key;  // /sk
  SecretBytes container_sas;        // /csas
  std::string target;               // /t
  bool format = false, encrypt = false, silent = false;
  std::string source_directory;  // /srcdir
  std::string destination;       // /dstdir
  std::string disposition = "rename";
  BlobType blob_type = BlobType::block_blob;
  bool resume = false, abort = false;  // /ResumeSession /AbortSession
  std::vector<std::string> only;       // SourceOptions::only; no word sets it
};

// Arguments after "PrepImport". Option names in any case, values as they are. invalid_argument names the word
// that is wrong.
Result<PrepImportOptions> parse_prep_import(const std::vector<std::string>& arguments);

Status check_session_id(const std::string& id);            // 3 to 30 of letters, digits, _ - #
Status check_destination(const std::string& destination);  // "container/…/" or "$root/"
Status check_container_name(const std::string& name);      // 3 to 63 of a-z 0-9 -, no "--"
// What a first session must have.
Status check_first_session(const PrepImportOptions& options);

}  // namespace seedbed
