// Planted defects at the Operator, Entropy and Runtime ports.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/random.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"
#include "simulator/seeded_entropy.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

// ---- what people are told ----

class PromiseTooEarly final : public PassingOperator {
 public:
  PromiseTooEarly(Operator& below, DefectSite site, const PlantedDefect& defect)
      : PassingOperator(below), site_(std::move(site)), defect_(defect) {}
  void progress(const Progress& progress) override {
    Progress early = progress;
    if (progress.stage == "copy") {  // what is on its way to the drive counts as done
      early.done_bytes = std::min(progress.total_bytes, progress.done_bytes + 128 * KiB);
      defect_.acts(site_);
    }
    below_.progress(early);
  }

 private:
  DefectSite site_;
  const PlantedDefect& defect_;
};

class KeyInANotice final : public PassingOperator {
 public:
  KeyInANotice(Operator& below, DefectSite site, const PlantedDefect& defect)
      : PassingOperator(below), site_(std::move(site)), defect_(defect) {}
  void notice(NoticeLevel level, std::string_view text) override {
    below_.notice(level, fmt::format("{} (account key {})", text, site_.world.account_key()));
    defect_.acts(site_);
  }
  void progress(const Progress& progress) override {
    below_.progress(progress);
    const auto history = site_.world.history(site_.world.scenario->drives.front().name);
    if (told_ || !history || !history->intent) return;
    told_ = true;
    below_.notice(NoticeLevel::info, fmt::format("unlock with {}", history->drive.recovery_password.text()));
    defect_.acts(site_);
  }

 private:
  DefectSite site_;
  const PlantedDefect& defect_;
  bool told_ = false;
};

template <typename Person>
class PersonDefect final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Operator> person(Operator& below, const DefectSite& site) const override {
    return std::make_unique<Person>(below, site, *this);
  }
};

// ---- what is drawn ----

// A computer that starts again draws what it drew before. The journal's id, the first thing that is drawn, is
// not drawn again, so it does not count.
class SameDrawsAgain final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Entropy> entropy(Entropy& below, const DefectSite& site) const override {
    if (site.world.boots > 1) acts(site);
    return std::make_unique<Again>(below, site.world.boots == 1, sub_seed(site.world.seed, "the only draws"));
  }

 private:
  class Again final : public Entropy {
   public:
    Again(Entropy& below, bool first_boot, uint64_t seed)
        : below_(below), first_(first_boot), same_(seed, 1) {}
    void fill(MutableByteSpan out) override {
      std::exchange(first_, false) ? below_.fill(out) : same_.fill(out);
    }

   private:
    Entropy& below_;
    bool first_;
    SeededEntropy same_;
  };
};

// The incarnation numbers that make nonces unique are drawn from one that is not.
class NonceAgain final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Entropy> entropy(Entropy& below, const DefectSite& site) const override {
    return std::make_unique<Eights>(below, site, *this);
  }

 private:
  // Eight bytes at a time is how staging draws, an incarnation first; everything else is drawn as it is.
  class Eights final : public Entropy {
   public:
    Eights(Entropy& below, DefectSite site, const PlantedDefect& defect)
        : below_(below), site_(std::move(site)), defect_(defect) {}
    void fill(MutableByteSpan out) override {
      below_.fill(out);
      if (out.size() != 8 || !site_.world.chain || std::exchange(done_, true)) return;
      std::ranges::fill(out, uint8_t{0x11});
      defect_.acts(site_);
    }

   private:
    Entropy& below_;
    DefectSite site_;
    const PlantedDefect& defect_;
    bool done_ = false;
  };
};

// Where something lies in memory gets into what is drawn.
class Address final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Entropy> entropy(Entropy&, const DefectSite& site) const override {
    acts(site);
    const auto place = reinterpret_cast<uintptr_t>(this);
    return std::make_unique<SeededEntropy>(sub_seed(place, "drawn"), site.world.boots);
  }
};

// ---- tasks that wait ----

// Of a monitor's notifications the third and all after it wake nobody.
class LostWakeUps final : public Runtime {
 public:
  LostWakeUps(Runtime& below, DefectSite site, const PlantedDefect& defect)
      : below_(below), site_(std::move(site)), defect_(defect) {}
  uint64_t now_ns() override { return below_.now_ns(); }
  int64_t utc_ns() override { return below_.utc_ns(); }
  void sleep_ns(uint64_t duration_ns) override { below_.sleep_ns(duration_ns); }
  unsigned workers() const noexcept override { return below_.workers(); }
  void spend(Work work, uint64_t bytes) override { below_.spend(work, bytes); }
  std::unique_ptr<Monitor> make_monitor() override {
    return std::make_unique<Forgetful>(below_.make_monitor(), *this);
  }
  Task spawn(std::string_view name, std::function<void()> body) override {
    return below_.spawn(name, std::move(body));
  }

 private:
  static constexpr unsigned kHeard = 2;
  class Forgetful final : public Monitor {
   public:
    Forgetful(std::unique_ptr<Monitor> below, LostWakeUps& runtime)
        : below_(std::move(below)), runtime_(runtime) {}
    void lock() override { below_->lock(); }
    void unlock() noexcept override { below_->unlock(); }
    void wait() override { below_->wait(); }
    void notify_all() noexcept override {
      if (++told_ <= kHeard) return below_->notify_all();
      runtime_.defect_.acts(runtime_.site_);
    }

   private:
    std::unique_ptr<Monitor> below_;
    LostWakeUps& runtime_;
    unsigned told_ = 0;
  };
  Runtime& below_;
  DefectSite site_;
  const PlantedDefect& defect_;
};

class LostWakeUp final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Runtime> runtime(Runtime& below, const DefectSite& site) const override {
    return std::make_unique<LostWakeUps>(below, site, *this);
  }
};

template <typename Defect>
auto at_person(const char* name) {
  return [=]() -> std::shared_ptr<const PlantedDefect> { return std::make_shared<Defect>(name); };
}

}  // namespace

std::vector<PlantedCase> person_cases() {
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  return {
      {"promise-too-early",
       "Operator",
       "what is still on its way to the drive is told as durable",
       {{How::explore, "suites/core/undisturbed.toml"}},
       {{Verdict::lost, 2}},
       300,
       true,
       at_person<PersonDefect<PromiseTooEarly>>("promise-too-early")},
      {"key-in-a-notice",
       "Operator",
       "a notice tells a key",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 8}},
       1,
       true,
       at_person<PersonDefect<KeyInANotice>>("key-in-a-notice")},
      {"keys-drawn-again",
       "Entropy",
       "a computer that starts again draws the keys it drew before",
       {run("suites/core/kill-in-build.toml")},
       {{Verdict::broke_contract, 5}},
       1,
       true,
       at_person<SameDrawsAgain>("keys-drawn-again")},
      {"nonce-reused",
       "Entropy",
       "two runs of the agent seal with the same nonces",
       {run("suites/first-journey/kill-in-staging.toml")},
       {{Verdict::broke_contract, 5}},
       1,
       true,
       at_person<NonceAgain>("nonce-reused")},
      {"an-address-decides",
       "Entropy",
       "where something lies in memory gets into what is drawn: two runs differ",
       {{How::twice, "suites/core/undisturbed.toml"}},
       {{Verdict::harness_broken, 0}},
       1,
       true,
       at_person<Address>("an-address-decides")},
      {"wake-up-lost",
       "Runtime",
       "after a while nobody who waits is woken",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::stuck, 9}},
       1,
       true,
       at_person<LostWakeUp>("wake-up-lost")},
  };
}

}  // namespace seedbed
