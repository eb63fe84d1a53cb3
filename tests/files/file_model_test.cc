// FileStore against a simple model: any sequence of calls does what a map from paths to bytes does.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>

#include "engine/ports/file_store.h"
#include "tests/files/file_world.h"

namespace seedbed {
namespace {

// A path of the model: bytes for a file, nothing for a directory.
using Model = std::map<std::string, std::optional<Bytes>>;

const std::vector<std::string> kPaths = {"a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f", "f/a"};

bool is_directory(const Model& model, const std::string& path) {
  const auto found = model.find(path);
  return path == "." || (found != model.end() && !found->second);
}
bool has_children(const Model& model, const std::string& path) {
  const auto next = model.lower_bound(path + "/");
  return next != model.end() && next->first.starts_with(path + "/");
}

// The port's calls, each with what the model says of its success.
class Machine {
 public:
  Machine(FileStore& files, std::string root) : files_(files), root_(std::move(root)) {}

  void step() {
    const std::string path = *rc::gen::elementOf(kPaths);
    const int what = *rc::gen::inRange(0, 9);
    if (what < 3) return write(path);
    if (what == 3) return truncate(path);
    if (what == 4) return make_directory(path);
    if (what == 5) return remove(path);
    if (what == 6) return read(path);
    rename(path, *rc::gen::elementOf(kPaths));
  }

  void compare() {
    Model found;
    collect(".", found);
    RC_ASSERT(found == model_);
  }

 private:
  std::string at(const std::string& path) const { return join_path(root_, path); }

  void write(const std::string& path) {
    const auto offset_bytes =
        *rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 100), rc::gen::inRange<uint64_t>(0, 20'000));
    const Bytes data(*rc::gen::inRange<size_t>(0, 9'000), *rc::gen::inRange<uint8_t>(1, 255));
    const bool possible = is_directory(model_, parent_of(path)) && !is_directory(model_, path);
    auto file = files_.open(at(path), OpenMode::create);
    RC_ASSERT(file.has_value() == possible);
    if (!possible) return;
    auto& content = model_[path];
    if (!content) content.emplace();
    if (!data.empty() && content->size() < offset_bytes + data.size())
      content->resize(offset_bytes + data.size());
    std::ranges::copy(data, content->begin() + static_cast<ptrdiff_t>(data.empty() ? 0 : offset_bytes));
    RC_ASSERT((*file)->write_at(offset_bytes, data).has_value());
    if (*rc::gen::arbitrary<bool>()) RC_ASSERT((*file)->sync().has_value());
  }

  void truncate(const std::string& path) {
    const auto size_bytes = *rc::gen::inRange<uint64_t>(0, 20'000);
    const bool possible = model_.contains(path) && !is_directory(model_, path);
    auto file = files_.open(at(path), OpenMode::read_write);
    RC_ASSERT(file.has_value() == possible);
    if (!possible) return;
    RC_ASSERT((*file)->truncate(size_bytes).has_value());
    model_[path]->resize(size_bytes);
  }

  void read(const std::string& path) {
    const auto offset_bytes = *rc::gen::inRange<uint64_t>(0, 20'000);
    Bytes out(*rc::gen::inRange<size_t>(0, 9'000));
    const bool possible = model_.contains(path) && !is_directory(model_, path);
    auto file = files_.open(at(path), OpenMode::read);
    RC_ASSERT(file.has_value() == possible);
    if (!possible) return;
    const Bytes& content = *model_[path];
    const size_t expected =
        offset_bytes < content.size() ? std::min<size_t>(out.size(), content.size() - offset_bytes) : 0;
    RC_ASSERT((*file)->read_at(offset_bytes, out).value_or(SIZE_MAX) == expected);
    RC_ASSERT(
        std::equal(out.begin(), out.begin() + static_cast<ptrdiff_t>(expected),
                   content.begin() + static_cast<ptrdiff_t>(std::min<size_t>(offset_bytes, content.size()))));
  }

  void make_directory(const std::string& path) {
    const bool possible = is_directory(model_, parent_of(path)) && !model_.contains(path);
    RC_ASSERT(files_.make_directory(at(path)).has_value() == possible);
    if (possible) model_[path] = std::nullopt;
  }

  void remove(const std::string& path) {
    const bool possible = model_.contains(path) && !has_children(model_, path);
    RC_ASSERT(files_.remove(at(path)).has_value() == possible);
    if (possible) model_.erase(path);
  }

  void rename(const std::string& from, const std::string& to) {
    bool possible =
        model_.contains(from) && is_directory(model_, parent_of(to)) && !to.starts_with(from + "/");
    if (possible && from != to && model_.contains(to))
      possible = is_directory(model_, from) == is_directory(model_, to) && !has_children(model_, to);
    RC_ASSERT(files_.rename(at(from), at(to)).has_value() == possible);
    if (!possible || from == to) return;
    Model moved;
    std::erase_if(model_, [&](const auto& entry) {
      if (entry.first != from && !entry.first.starts_with(from + "/")) return false;
      moved[to + entry.first.substr(from.size())] = entry.second;
      return true;
    });
    model_.erase(to);
    model_.merge(moved);
  }

  void collect(const std::string& path, Model& out) {
    const auto entries = files_.list(at(path));
    RC_ASSERT(entries.has_value());
    for (const DirectoryEntry& entry : *entries) {
      const std::string child = path == "." ? entry.name : path + "/" + entry.name;
      if (entry.kind == FileKind::directory) {
        out[child] = std::nullopt;
        collect(child, out);
      } else {
        const auto content = read_file(files_, at(child), 1 * MiB);
        RC_ASSERT(content.has_value());
        RC_ASSERT(files_.stat(at(child))->size_bytes == content->size());
        out[child] = *content;
      }
    }
  }

  FileStore& files_;
  std::string root_;
  Model model_;
};

void check_against_model(std::unique_ptr<FileWorld> (*make_world)()) {
  const auto world = make_world();
  int round = 0;
  EXPECT_TRUE(rc::check([&] {
    const std::string root = join_path(world->root(), std::to_string(round++));
    RC_ASSERT(world->files().make_directory(root).has_value());
    Machine machine(world->files(), root);
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; i++) machine.step();
    machine.compare();
  }));
}

TEST(FileModel, PosixFiles) {
  check_against_model(&make_posix_world);
}
TEST(FileModel, SimulatedFiles) {
  check_against_model(&make_simulated_world_on_threads);
}

}  // namespace
}  // namespace seedbed
