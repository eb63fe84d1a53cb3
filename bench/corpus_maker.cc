// Contents
//   corpus_maker DIRECTORY [MB] [SEED]   a source tree of about MB (default 600) x 10^6 bytes for comparisons
//
// The same arguments make the same tree: names, bytes, holes and times come from SEED (default 1) alone. By
// bytes:
//   text            30 %   words of a skewed vocabulary and log lines, 4 KiB to 8 MiB
//   binary          20 %   records of counters, small numbers, names and noise, 16 KiB to 16 MiB
//   incompressible  20 %   noise, as in media and archives, 256 KiB to 16 MiB
//   small           10 %   text and records, 60 bytes to 12 KiB, some hundred a directory
//   duplicates      15 %   whole copies of files above; every third with some bytes put in near its front
//   sparse           5 %   holes with islands of data, logical size 8 to 32 MiB
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"

namespace seedbed {
namespace {

constexpr int64_t kFirstTime = 1'478'102'064;  // 2016-11-02: every file's time lies behind it

[[noreturn]] void stop(const std::string& what, const std::string& path) {
  throw std::runtime_error(what + ": " + path);
}

class Writer {
 public:
  explicit Writer(std::string top) : top_(std::move(top)) {}

  void make_directory(const std::string& name) { std::filesystem::create_directories(top_ + "/" + name); }

  // Islands of data in a file of size_bytes; what lies between them stays a hole.
  void put(const std::string& name, uint64_t size_bytes,
           const std::vector<std::pair<uint64_t, Bytes>>& islands) {
    const std::string path = top_ + "/" + name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) stop("cannot make", path);
    for (const auto& [at, bytes] : islands)
      if (::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)) !=
          static_cast<ssize_t>(bytes.size()))
        stop("cannot write", path);
    if (::ftruncate(file, static_cast<off_t>(size_bytes)) != 0) stop("cannot write", path);
    const timespec time{kFirstTime + static_cast<int64_t>(files_++), 0};
    const timespec times[2] = {time, time};
    if (::futimens(file, times) != 0 || ::close(file) != 0) stop("cannot write", path);
    bytes_ += size_bytes;
  }
  void put(const std::string& name, Bytes bytes) {
    const uint64_t size_bytes = bytes.size();
    put(name, size_bytes, {{0, std::move(bytes)}});
  }

  // Directories last: every file in them moves their time.
  void finish() {
    const timespec times[2] = {{kFirstTime, 0}, {kFirstTime, 0}};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top_))
      if (entry.is_directory()) ::utimensat(AT_FDCWD, entry.path().c_str(), times, 0);
    ::utimensat(AT_FDCWD, top_.c_str(), times, 0);
  }

  uint64_t files() const { return files_; }
  uint64_t bytes() const { return bytes_; }

 private:
  std::string top_;
  uint64_t files_ = 0, bytes_ = 0;
};

class Content {
 public:
  explicit Content(uint64_t seed) : random_(seed) {
    constexpr std::string_view kFront[] = {"st", "b", "tr", "m", "pl", "n", "s", "cr", "d", "l", "w", "ch"};
    constexpr std::string_view kMiddle[] = {"a", "e", "i", "o", "ea", "ou", "u", "ai"};
    constexpr std::string_view kEnd[] = {"", "n", "r", "st", "ng", "m", "l", "ck"};
    for (int i = 0; i < 6000; i++) {
      std::string word;
      for (uint64_t parts = random_.between(1, 3); parts > 0; parts--)
        word.append(pick(kFront)).append(pick(kMiddle)).append(pick(kEnd));
      words_.push_back(word);
    }
  }

  Random& random() { return random_; }

  Bytes noise(size_t size_bytes) {
    Bytes out(size_bytes);
    random_.fill(out);
    return out;
  }

  Bytes text(size_t size_bytes) {
    std::string out;
    const bool log = random_.chance(1, 3);
    uint64_t clock = random_.below(86'400);
    while (out.size() < size_bytes) {
      if (log) {
        clock += random_.below(3);
        char stamp[64];
        std::snprintf(stamp, sizeof stamp, "2016-11-02 %02u:%02u:%02u [%llu] ",
                      static_cast<unsigned>(clock / 3600 % 24), static_cast<unsigned>(clock / 60 % 60),
                      static_cast<unsigned>(clock % 60),
                      static_cast<unsigned long long>(1000 + random_.below(40)));
        out += stamp;
      }
      for (uint64_t words = random_.between(4, 14); words > 0; words--) out.append(word()).append(" ");
      if (random_.chance(1, 4)) out += std::to_string(random_.below(1'000'000));
      out.back() = '\n';
    }
    out.resize(size_bytes);
    return Bytes(out.begin(), out.end());
  }

  // Records of 64 bytes: a number that grows, one that wanders, flags, a name, noise, and room left empty.
  Bytes binary(size_t size_bytes) {
    Bytes out(round_up(size_bytes, 64));
    uint64_t number = random_.next() >> 20, wander = 1 << 20;
    const size_t noise_bytes = 8 * random_.between(0, 2);
    for (size_t at = 0; at < out.size(); at += 64) {
      const MutableByteSpan record = MutableByteSpan(out).subspan(at, 64);
      store_le<uint64_t>(record, 0, number += random_.between(1, 4));
      store_le<uint64_t>(record, 8, wander += random_.below(257) - 128);
      store_le<uint32_t>(record, 16, static_cast<uint32_t>(1) << random_.below(6));
      const std::string& name = word();
      std::copy_n(name.begin(), std::min<size_t>(name.size(), 16), record.begin() + 20);
      random_.fill(record.subspan(40, noise_bytes));
    }
    out.resize(size_bytes);
    return out;
  }

 private:
  template <size_t N>
  std::string_view pick(const std::string_view (&from)[N]) {
    return from[random_.below(N)];
  }
  // Few words are many: the cube of a uniform number.
  const std::string& word() {
    const uint64_t u = random_.below(1 << 16);
    return words_[(((u * u) >> 16) * u >> 16) * words_.size() >> 16];
  }

  Random random_;
  std::vector<std::string> words_;
};

// Sizes spread evenly over their magnitudes: as many between 4 and 8 KiB as between 4 and 8 MiB.
size_t size_between(Random& random, size_t low_bytes, size_t high_bytes) {
  size_t low = low_bytes;
  std::vector<size_t> steps;
  for (; low < high_bytes; low *= 2) steps.push_back(low);
  const size_t from = steps[random.below(steps.size())];
  return random.between(from, std::min(2 * from, high_bytes));
}

int make(const std::string& top, uint64_t total_bytes, uint64_t seed) {
  std::filesystem::create_directories(top);
  if (!std::filesystem::is_empty(top)) stop("is not empty", top);
  Writer writer(top);
  Content content(seed);
  Random& random = content.random();
  std::vector<std::pair<std::string, Bytes>> kept;  // what duplicates are made of
  uint64_t kept_bytes = 0;

  const auto fill = [&](const std::string& kind, uint64_t percent, size_t a_directory, const auto& one) {
    const uint64_t until = writer.bytes() + total_bytes * percent / 100;
    std::string directory;
    for (size_t i = 0; writer.bytes() < until; i++) {
      if (i % a_directory == 0) {
        directory = kind + "/d" + std::to_string(i / a_directory);
        writer.make_directory(directory);
      }
      one(directory + "/f" + std::to_string(i), until - writer.bytes());
    }
  };
  const auto put = [&](const std::string& name, Bytes bytes, uint64_t left_bytes) {
    if (bytes.size() > left_bytes + 64 * KiB) bytes.resize(left_bytes + 64 * KiB);
    if (kept_bytes < total_bytes * 16 / 100 && random.chance(1, 2)) {
      kept_bytes += bytes.size();
      kept.emplace_back(name, bytes);
    }
    writer.put(name, std::move(bytes));
  };
  fill("text", 30, 40, [&](const std::string& name, uint64_t left) {
    put(name, content.text(size_between(random, 4 * KiB, 8 * MiB)), left);
  });
  fill("binary", 20, 40, [&](const std::string& name, uint64_t left) {
    put(name, content.binary(size_between(random, 16 * KiB, 16 * MiB)), left);
  });
  fill("incompressible", 20, 40, [&](const std::string& name, uint64_t left) {
    put(name, content.noise(size_between(random, 256 * KiB, 16 * MiB)), left);
  });
  fill("small", 10, 300, [&](const std::string& name, uint64_t left) {
    const size_t size = size_between(random, 60, 12 * KiB);
    put(name, random.chance(1, 4) ? content.binary(size) : content.text(size), left);
  });
  fill("sparse", 5, 10, [&](const std::string& name, uint64_t) {
    const uint64_t size = random.between(8 * MiB, 32 * MiB);
    std::vector<std::pair<uint64_t, Bytes>> islands;
    for (uint64_t at = 0; at + 512 * KiB < size; at += random.between(1 * MiB, 6 * MiB))
      islands.emplace_back(at, content.binary(random.between(4 * KiB, 400 * KiB)));
    writer.put(name, size, islands);
  });
  if (kept.empty()) stop("too few bytes are asked for", top);
  size_t next = 0;
  fill("duplicates", 15, 40, [&](const std::string& name, uint64_t) {
    Bytes bytes = kept[next % kept.size()].second;
    if (next++ % 3 == 2) {
      const Bytes more = content.text(random.between(1, 200));
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(bytes.size(), 1000)),
                   more.begin(), more.end());
    }
    writer.put(name, std::move(bytes));
  });
  writer.finish();
  std::printf("files %llu\nbytes %llu\n", static_cast<unsigned long long>(writer.files()),
              static_cast<unsigned long long>(writer.bytes()));
  return 0;
}

}  // namespace
}  // namespace seedbed

int main(int count, char** arguments) {
  const auto number = [&](int at, uint64_t otherwise) {
    return count > at ? std::strtoull(arguments[at], nullptr, 10) : otherwise;
  };
  if (count < 2 || count > 4 || number(2, 600) == 0) {
    std::fprintf(stderr, "usage: corpus_maker DIRECTORY [MB] [SEED]\n");
    return 2;
  }
  try {
    return seedbed::make(arguments[1], number(2, 600) * 1'000'000, number(3, 1));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "corpus_maker: %s\n", error.what());
    return 1;
  }
}
