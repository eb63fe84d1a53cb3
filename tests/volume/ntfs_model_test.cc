// Any sequence of operations against a model of what the volume holds.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "tests/volume/ntfs_checks.h"

namespace seedbed {
namespace {

using namespace testing_support;

// ---- any sequence of operations ----

struct ModelFile {
  uint64_t size = 0;
  std::vector<Extent> extents;
};

RC_GTEST_PROP(NtfsVolumeProperty, AnyWorkLeavesASoundVolumeThatHoldsWhatTheModelHolds, ()) {
  NtfsImageFile image(formatter(), kSmall);
  std::map<std::string, ModelFile> model;
  std::map<uint64_t, uint64_t> owned;
  SectorSet sets[2];
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  // The same work twice gives the same sectors; the second run is the one that is applied.
  for (SectorSet& result : sets) {
    model.clear();
    Random random(seed);
    NtfsVolume volume = image.open(seed % 1'000'000'000 * kSecond_ns);
    std::vector<std::string> directories{""};
    for (int step = 0; step < 60; ++step) {
      const std::string& directory = directories[random.below(directories.size())];
      const std::string path = directory + "/n" + std::to_string(random.below(12));
      const bool taken = model.contains(path) || (std::ranges::count(directories, path) != 0);
      switch (random.below(6)) {
        case 0:
        case 1: {
          const uint64_t size = random.below(200'000);
          const auto extents =
              volume.create_file(path, size, static_cast<int64_t>(random.below(1'000'000'000)) * kSecond_ns);
          RC_ASSERT(extents.has_value() == !taken);
          if (extents) model[path] = {size, *extents};
          break;
        }
        case 2:
          RC_ASSERT(volume.make_directory(path).has_value() == !model.contains(path));
          if (!taken) directories.push_back(path);
          break;
        case 3:
          if ((std::ranges::count(directories, path) != 0)) break;
          RC_ASSERT(volume.remove(path).has_value() == model.contains(path));
          model.erase(path);
          break;
        case 4: {
          const std::string to =
              directories[random.below(directories.size())] + "/n" + std::to_string(random.below(12));
          if ((std::ranges::count(directories, path) != 0) || (std::ranges::count(directories, to) != 0))
            break;
          RC_ASSERT(volume.rename(path, to).has_value() == model.contains(path));
          if (model.contains(path) && path != to) {
            model[to] = model[path];
            model.erase(path);
          }
          break;
        }
        default: {
          const auto there = volume.exists(path);
          RC_ASSERT((there.has_value() && *there == taken));
        }
      }
    }
    auto set = volume.close();
    RC_ASSERT(set.has_value());
    result = std::move(*set);
  }
  RC_ASSERT(sets[0] == sets[1]);
  image.apply(sets[1]);
  image.expect_sound();
  RC_ASSERT(!testing::Test::HasFailure());
  NtfsVolume again = image.open(0, true);
  for (const auto& [path, file] : model) {
    RC_ASSERT(again.stat(path)->size_bytes == file.size);
    RC_ASSERT(*again.extents(path) == file.extents);
    for (const Extent& extent : file.extents) {
      const auto [at, fresh] = owned.emplace(extent.offset_bytes, extent.end_bytes());
      RC_ASSERT(fresh);
      // RC_ASSERT takes an expression apart and evaluates all of it: no short circuit inside.
      const bool after_the_one_before = at == owned.begin() || std::prev(at)->second <= extent.offset_bytes;
      const bool before_the_one_after =
          std::next(at) == owned.end() || std::next(at)->first >= extent.end_bytes();
      RC_ASSERT(after_the_one_before);
      RC_ASSERT(before_the_one_after);
    }
  }
}

}  // namespace
}  // namespace seedbed
