#include "engine/agent/agent_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/checksum.h"
#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr uint64_t kStateBytesMax = 64 * KiB;
constexpr const char* kHead = "seedbed-agent-state 1\n";
constexpr const char* kStateFile = "agent.state";
constexpr const char* kLockFile = "agent.lock";
constexpr SeedPhase kPhases[] = {SeedPhase::staging, SeedPhase::waiting, SeedPhase::ingesting,
                                 SeedPhase::seeded};

std::string crc_text(std::string_view text) {
  return fmt::format("{:08x}", crc32_of(as_bytes(text)));
}

// The lines "key: value" of a state file, each taken exactly once.
class Lines {
 public:
  Lines(std::string_view text, const std::string& where) : where_(where) {
    size_t number = 1;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      number++;
      const size_t colon = line.find(": ");
      const bool fresh = colon != std::string_view::npos &&
                         values_.emplace(line.substr(0, colon), line.substr(colon + 2)).second;
      if (!fresh && bad_line_ == 0) bad_line_ = number;
    }
  }

  Result<std::string> take(const std::string& key) {
    if (bad_line_ != 0) return flaw(fmt::format("line {} is no \"key: value\", or comes twice", bad_line_));
    const auto found = values_.find(key);
    if (found == values_.end()) return flaw(fmt::format("it has no {}", key));
    std::string value = found->second;
    values_.erase(found);
    return value;
  }
  Result<uint64_t> number(const std::string& key, uint64_t most = UINT64_MAX) {
    const std::string text = TRY(take(key));
    const auto value = parse_u64(text);
    if (!value || *value > most) return flaw(fmt::format("{} is no number that can be", key));
    return *value;
  }
  Result<Bytes> hex(const std::string& key, size_t least, size_t most) {
    const std::string text = TRY(take(key));
    auto value = parse_hex(text);
    if (!value || value->size() < least || value->size() > most)
      return flaw(fmt::format("{} is not {} to {} bytes in hex", key, least, most));
    return std::move(*value);
  }
  // 32 hex digits, or nothing where that is allowed.
  Result<std::string> id(const std::string& key, bool may_lack) {
    const Bytes bytes = TRY(hex(key, may_lack ? 0 : 16, 16));
    if (!bytes.empty() && bytes.size() != 16) return flaw(fmt::format("{} is no id", key));
    return hex_lower(bytes);
  }
  Status end() const {
    return values_.empty() ? Status()
                           : flaw(fmt::format("it knows no {}", printable(values_.begin()->first)));
  }
  std::unexpected<Error> flaw(std::string what) const {
    return fail(ErrorCode::corrupt, "the agent's state is damaged: " + std::move(what), where_,
                "Restore the file from a copy; or move it away: the next run takes what it needs from the "
                "staging location");
  }

 private:
  static std::string printable(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text.substr(0, 40);
  }

  const std::string& where_;
  std::map<std::string, std::string> values_;
  size_t bad_line_ = 0;
};

}  // namespace

const char* seed_phase_name(SeedPhase phase) noexcept {
  switch (phase) {
    case SeedPhase::staging:
      return "staging";
    case SeedPhase::waiting:
      return "waiting";
    case SeedPhase::ingesting:
      return "ingesting";
    case SeedPhase::seeded:
      return "seeded";
  }
  return "";
}

std::string encode_agent_state(const AgentState& state) {
  std::string text = kHead;
  const auto line = [&](std::string_view key, const auto& value) {
    text += fmt::format("{}: {}\n", key, value);
  };
  line("phase", seed_phase_name(state.phase));
  line("item", state.item);
  line("backup_id", state.backup_id);
  line("kdf_log2_n", static_cast<uint64_t>(state.kdf.log2_n));
  line("kdf_r", static_cast<uint64_t>(state.kdf.r));
  line("kdf_p", static_cast<uint64_t>(state.kdf.p));
  line("kdf_salt", hex_lower(state.kdf.salt));
  line("key_check", hex_lower(state.key_check));
  line("job", state.job);
  line("subscription", state.subscription);
  line("resource_group", state.resource_group);
  line("account", state.account);
  line("container", state.container);
  line("job_seen", state.job_seen ? 1 : 0);
  line("upload", state.upload);
  line("point", state.point);
  line("point_utc_ns", static_cast<uint64_t>(std::max<int64_t>(state.point_utc_ns, 0)));
  line("proven_chunks", state.proven_chunks);
  line("last_point", state.last_point);
  line("seed_points", state.seed_points);
  line("increments", state.increments);
  text += fmt::format("crc32: {}\n", crc_text(text));
  return text;
}

Result<AgentState> parse_agent_state(std::string_view text, const std::string& where) {
  Lines head("", where);
  if (!text.starts_with(kHead)) return head.flaw("line 1 is not \"seedbed-agent-state 1\"");
  const size_t check = text.rfind("crc32: ");
  if (check == std::string_view::npos ||
      text.substr(check) != "crc32: " + crc_text(text.substr(0, check)) + '\n')
    return head.flaw("its checksum does not fit");
  const size_t begin = std::string_view(kHead).size();
  Lines lines(text.substr(begin, check - begin), where);
  AgentState state;
  const std::string phase = TRY(lines.take("phase"));
  const auto* known = std::ranges::find(kPhases, phase, seed_phase_name);
  if (known == std::end(kPhases)) return lines.flaw("its phase is unknown");
  state.phase = *known;
  state.item = TRY(lines.take("item"));
  state.backup_id = TRY(lines.id("backup_id", false));
  state.kdf.log2_n = static_cast<decltype(state.kdf.log2_n)>(TRY(lines.number("kdf_log2_n", 30)));
  state.kdf.r = static_cast<decltype(state.kdf.r)>(TRY(lines.number("kdf_r", 64)));
  state.kdf.p = static_cast<decltype(state.kdf.p)>(TRY(lines.number("kdf_p", 64)));
  state.kdf.salt = TRY(lines.hex("kdf_salt", 16, 64));
  if (const Status sound = check_kdf(state.kdf); !sound) return lines.flaw(sound.error().what);
  state.key_check = TRY(lines.hex("key_check", 0, 64));
  state.job = TRY(lines.take("job"));
  state.subscription = TRY(lines.take("subscription"));
  state.resource_group = TRY(lines.take("resource_group"));
  state.account = TRY(lines.take("account"));
  state.container = TRY(lines.take("container"));
  state.job_seen = TRY(lines.number("job_seen", 1)) == 1;
  state.upload = TRY(lines.id("upload", true));
  state.point = TRY(lines.id("point", true));
  state.point_utc_ns = static_cast<int64_t>(TRY(lines.number("point_utc_ns", INT64_MAX)));
  state.proven_chunks = TRY(lines.number("proven_chunks"));
  state.last_point = TRY(lines.id("last_point", true));
  state.seed_points = TRY(lines.number("seed_points"));
  state.increments = TRY(lines.number("increments"));
  TRY(lines.end());
  return state;
}

Result<StateDirectory> StateDirectory::open(FileStore& files, const std::string& path) {
  const auto there = files.stat(path);
  if (!there && there.error().code == ErrorCode::not_found) {
    if (const Status made = make_durable_directory(files, path, 0700);
        !made && made.error().code != ErrorCode::already_exists)
      return fail(made.error().code, "the agent's state directory cannot be made: " + made.error().what, path,
                  "Make its parent directory, or correct [state] path in the policy");
  } else if (!there) {
    return std::unexpected(there.error());
  } else if (there->kind != FileKind::directory) {
    return fail(ErrorCode::refused, "the state path is no directory", path,
                "Correct [state] path in the policy");
  }
  StateDirectory directory(files, path);
  directory.lock_ = TRY(files.open(directory.file(kLockFile), OpenMode::create, 0600));
  if (const Status locked = directory.lock_->lock(); !locked)
    return fail(locked.error().code,
                locked.error().code == ErrorCode::busy ? "another run of the agent is under way"
                                                       : locked.error().what,
                path, "Wait until it has ended, then run again");
  return directory;
}

Result<std::optional<AgentState>> StateDirectory::load() const {
  const std::string path = file(kStateFile);
  const auto text = read_file(files_, path, kStateBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  return TRY(parse_agent_state(as_text(*text), path));
}

Status StateDirectory::save(const AgentState& state) const {
  return replace_file(files_, file(kStateFile), as_bytes(encode_agent_state(state)));
}

std::string draw_id(Entropy& entropy) {
  Bytes id(16);
  entropy.fill(id);
  return hex_lower(id);
}

}  // namespace seedbed
