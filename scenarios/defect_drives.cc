// Planted defects at the BlockDevice port of the computer that prepares drives: order, place, the wrong
// drive, errors that nobody looks at.
#include "scenarios/defect_drives.h"

#include <algorithm>

#include "engine/prep/drive_volume.h"

namespace seedbed {

namespace {

constexpr uint64_t kPageBytes = 4096;

using How = DefectTrial::How;

// ---- flushes and records in the wrong order ----

// The flush that a checkpoint asks for is made after the checkpoint's record has been synced.
class FlushAfterRecord final : public DefectiveDrive {
 public:
  using DefectiveDrive::DefectiveDrive;
  ~FlushAfterRecord() override = default;

 protected:
  bool swallow(IoRequest& request, AlignedBuffer&) override {
    // The journal's bytes tell when it has been synced: a record more is in it then.
    const uint64_t journal_bytes = journal_size_bytes();
    if (owed_at_bytes_ != 0 && journal_bytes != owed_at_bytes_) {
      owed_at_bytes_ = 0;
      (void)now({IoKind::flush, 0, 0, nullptr, 0});
    }
    if (request.kind != IoKind::flush || phase() != "data") return false;
    owed_at_bytes_ = std::max<uint64_t>(journal_bytes, 1);
    acts();
    return true;
  }

 private:
  uint64_t journal_size_bytes() {
    const auto stat = world().files.stat(world().journal_path(world().scenario->drives.front().name));
    return stat ? stat->size_bytes : 0;
  }
  uint64_t owed_at_bytes_ = 0;  // 0: none is owed
};

// Writes are told complete before the drive has them; it gets them behind the next flush.
class CompleteBeforeWritten final : public DefectiveDrive {
 public:
  using DefectiveDrive::DefectiveDrive;

 protected:
  bool swallow(IoRequest& request, AlignedBuffer&) override {
    if (request.kind == IoKind::write && phase() == "data") {
      held_.emplace_back(request.offset_bytes, Bytes(request.data, request.data + request.length_bytes));
      acts();
      return true;
    }
    const bool flush = request.kind == IoKind::flush && !held_.empty();
    if (flush) (void)now(request);
    for (const auto& [offset_bytes, bytes] : std::exchange(held_, {})) (void)write_now(offset_bytes, bytes);
    return flush;
  }

 private:
  std::vector<std::pair<uint64_t, Bytes>> held_;
};

// ---- the wrong place ----

// Data is encrypted as that of the next sector, and read back so: who writes and reads sees nothing.
class TweakOffByOne final : public DefectiveDrive {
 public:
  using DefectiveDrive::DefectiveDrive;

 protected:
  bool swallow(IoRequest& request, AlignedBuffer& spare) override {
    if (!cipher_ && !learn()) return false;
    if (request.kind != IoKind::write || phase() != "data") return false;
    acts();
    spare = AlignedBuffer(request.length_bytes);
    std::copy_n(request.data, request.length_bytes, spare.data());
    again(request.offset_bytes, spare.span(), 0, step_bytes());
    for (uint64_t at = 0; at < request.length_bytes; at += kPageBytes)
      world().defect_memory.pages.emplace(serial(), (request.offset_bytes + at) / kPageBytes);
    request.data = spare.data();
    return false;
  }
  void came_back(const IoRequest& request, Status& outcome) override {
    if (request.kind != IoKind::read || !outcome || !cipher_) return;
    for (uint64_t at = 0; at + kPageBytes <= request.length_bytes; at += kPageBytes)
      if (world().defect_memory.pages.contains({serial(), (request.offset_bytes + at) / kPageBytes}))
        again(request.offset_bytes + at, {request.data + at, kPageBytes}, step_bytes(), 0);
  }

 private:
  uint64_t step_bytes() const { return contract().logical_sector_bytes; }
  void again(uint64_t offset_bytes, MutableByteSpan bytes, uint64_t from_bytes, uint64_t to_bytes) {
    const uint64_t inside_bytes = offset_bytes - partition_bytes_;
    cipher_->decrypt(inside_bytes + from_bytes, bytes);
    cipher_->encrypt(inside_bytes + to_bytes, bytes);
  }
  // Once the volume stands, from the journal's recovery password.
  bool learn() {
    if (busy() || (phase() != "data" && phase() != "finalising" && phase() != "proof")) return false;
    const auto history = world().history(world().scenario->commands[world().command].drive);
    if (!history || !history->built) return false;
    const auto opened =
        open_drive_volume(*below_, history->drive.recovery_password.text(), &shared_stretcher());
    if (!opened) return false;
    partition_bytes_ = opened->partition.offset_bytes;
    cipher_ = opened->volume->cipher();
    return true;
  }
  std::optional<SectorCipher> cipher_;
  uint64_t partition_bytes_ = 0;
};

// Writes where a session has no business, once a boot, before its first write in a phase.
class StrayWrite final : public DefectiveDrive {
 public:
  StrayWrite(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect,
             const char* in_phase, uint64_t at_bytes)
      : DefectiveDrive(std::move(below), site, defect), in_phase_(in_phase), at_bytes_(at_bytes) {}

 protected:
  bool swallow(IoRequest&, AlignedBuffer&) override {
    if (done_ || phase() != in_phase_) return false;
    done_ = true;
    acts();
    Bytes page(kPageBytes);
    (void)read_now(at_bytes_, page);  // what stands there already: nothing but the place is wrong
    (void)write_now(at_bytes_, page);
    return false;
  }

 private:
  std::string in_phase_;
  uint64_t at_bytes_;
  bool done_ = false;
};

// ---- the wrong drive ----

// Every drive bears the serial that the journal speaks of.
class AnyDrive final : public DefectiveDrive {
 public:
  AnyDrive(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect)
      : DefectiveDrive(std::move(below), site, defect), identity_(below_->identity()) {
    const auto history = world().history(world().scenario->commands[world().command].drive);
    if (!history || !history->intent) return;
    identity_.serial = history->drive.serial;
    acts();
  }
  const DeviceIdentity& identity() const noexcept override { return identity_; }

 private:
  DeviceIdentity identity_;
};

// ---- errors that nobody looks at ----

class ErrorIgnored final : public DefectiveDrive {
 public:
  ErrorIgnored(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect,
               IoKind kind)
      : DefectiveDrive(std::move(below), site, defect), kind_(kind) {}
  uint64_t reset_epoch() override { return kind_ == IoKind::flush ? 1 : below_->reset_epoch(); }

 protected:
  void came_back(const IoRequest& request, Status& outcome) override {
    if (request.kind != kind_ || outcome) return;
    outcome = {};
    acts();
  }

 private:
  IoKind kind_;
};

}  // namespace

std::vector<PlantedCase> drive_cases() {
  const char* const port = "BlockDevice";
  const DefectTrial explore{How::explore, "suites/core/undisturbed.toml"};
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  return {
      {"flush-after-the-record",
       port,
       "a checkpoint's flush is made after its record was synced",
       {explore},
       {{Verdict::stuck, 0}, {Verdict::stuck, 9}},
       300,
       true,
       at_drive<FlushAfterRecord>("flush-after-the-record")},
      {"record-before-completion",
       port,
       "writes are told complete before the drive has them, so the flush does not cover them",
       {explore},
       {{Verdict::stuck, 0}, {Verdict::stuck, 9}},
       300,
       true,
       at_drive<CompleteBeforeWritten>("record-before-completion")},
      {"tweak-off-by-one",
       port,
       "data is encrypted with the tweak of the next sector, and read back so",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       at_drive<TweakOffByOne>("tweak-off-by-one")},
      {"second-format",
       port,
       "the partition table is written again after the volume was built",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 5}},
       1,
       true,
       at_drive<StrayWrite>("second-format", "data", uint64_t{0})},
      {"write-outside-the-partition",
       port,
       "a page beside the partition is written, with what stands there",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 4}},
       1,
       true,
       at_drive<StrayWrite>("write-outside-the-partition", "data", 512 * KiB)},
      {"write-before-confirmation",
       port,
       "the drive is written before the operator's consent is in the journal",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 4}},
       1,
       true,
       at_drive<StrayWrite>("write-before-confirmation", "start", 2 * MiB)},
      {"wrong-drive-accepted",
       port,
       "whatever stands in the slot bears the serial that the journal speaks of",
       {run("planted/swapped-drive-in-build.toml")},
       {{Verdict::lost, 4}, {Verdict::broke_contract, 4}},
       1,
       true,
       at_drive<AnyDrive>("wrong-drive-accepted")},
      {"write-error-ignored",
       port,
       "a write that failed is told as done",
       {run("planted/write-error-without-proof.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       at_drive<ErrorIgnored>("write-error-ignored", IoKind::write)},
      {"flush-error-ignored",
       port,
       "a flush that failed, and a drive that was reset, are told as done",
       {run("suites/core/flush-error-once.toml"), run("suites/core/drive-power-cut-in-data.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}, {Verdict::stuck, 0}, {Verdict::stuck, 9}},
       2,
       true,
       at_drive<ErrorIgnored>("flush-error-ignored", IoKind::flush)},
  };
}

}  // namespace seedbed
