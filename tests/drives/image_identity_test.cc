// The sidecar of an image: what is written reads back, and whatever else stands there is refused with its
// place.
#include "engine/linux/image_identity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/drives/subject.h"

namespace seedbed {
namespace {

std::string sidecar(const std::string& changed_line = "", const std::string& by = "") {
  std::string text =
      "serial = \"SBK3Q7ZP2MXA\"\n"
      "model = \"a model\"\n"
      "logical_sector_bytes = 512\n"
      "physical_sector_bytes = 4096\n"
      "capacity_bytes = 1048576\n";
  if (!changed_line.empty()) {
    const size_t at = text.find(changed_line);
    text.replace(at, text.find('\n', at) - at, by);
  }
  return text;
}

TEST(ImageIdentity, is_read_as_written) {
  SeededEntropy entropy(3, 0);
  const ImageIdentity made = make_image_identity(8 * MiB, 4096, entropy);
  const auto parsed = parse_image_identity(image_identity_text(made), "x.toml");
  ASSERT_TRUE(parsed) << why(parsed);
  EXPECT_EQ(*parsed, made);
  EXPECT_TRUE(parse_image_identity(sidecar(), "x.toml"));
}

TEST(ImageIdentity, serials_are_drawn_from_the_entropy_given) {
  SeededEntropy one(1, 0), same(1, 0), other(2, 0);
  const std::string serial = make_image_identity(4096, 512, one).serial;
  EXPECT_EQ(serial.size(), 12u);
  EXPECT_TRUE(serial.starts_with("SB"));
  for (const char c : serial) EXPECT_TRUE((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) << serial;
  EXPECT_EQ(make_image_identity(4096, 512, same).serial, serial);
  EXPECT_NE(make_image_identity(4096, 512, other).serial, serial);
  EXPECT_EQ(serial_of_path("/a/b"), serial_of_path("/a/b"));
  EXPECT_NE(serial_of_path("/a/b"), serial_of_path("/a/c"));
}

struct Wrong {
  std::string line, by, place;
};

class WrongSidecar : public testing::TestWithParam<Wrong> {};

TEST_P(WrongSidecar, is_corrupt_at_its_line_and_column) {
  const auto parsed = parse_image_identity(sidecar(GetParam().line, GetParam().by), "i.toml");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::corrupt);
  EXPECT_EQ(parsed.error().where, GetParam().place) << parsed.error().message();
  EXPECT_FALSE(parsed.error().remedy.empty());
}

INSTANTIATE_TEST_SUITE_P(Lines, WrongSidecar,
                         testing::Values(Wrong{"serial", "serial = \"\"", "i.toml:1:10"},
                                         Wrong{"serial", "serial = \"A B\"", "i.toml:1:10"},
                                         Wrong{"serial", "serial = \"ABCDEFGHIJKLMNOPQRSTU\"", "i.toml:1:10"},
                                         Wrong{"serial", "serial = 17", "i.toml:1:10"},
                                         Wrong{"serial", "serial = \"../../etc\"", "i.toml:1:10"},
                                         Wrong{"serial", "", "i.toml:1:1"},
                                         Wrong{"model", "model = \"a\\u0007\"", "i.toml:2:9"},
                                         Wrong{"model", "model = what", "i.toml:2:9"},
                                         Wrong{"model", "colour = \"red\"", "i.toml:2:10"},
                                         Wrong{"logical", "logical_sector_bytes = 520", "i.toml:3:24"},
                                         Wrong{"logical", "logical_sector_bytes = \"512\"", "i.toml:3:24"},
                                         Wrong{"physical", "physical_sector_bytes = -4096", "i.toml:4:25"},
                                         Wrong{"capacity", "capacity_bytes = 1000", "i.toml:5:18"},
                                         Wrong{"capacity", "capacity_bytes = 0", "i.toml:5:18"},
                                         Wrong{"capacity", "capacity_bytes = 4096.0", "i.toml:5:18"}));

TEST(ImageIdentity, a_huge_sidecar_is_not_parsed) {
  const auto parsed = parse_image_identity(sidecar() + std::string(5000, '#'), "i.toml");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::corrupt);
}

// What comes through a mutation is still sane.
void check_sane(std::string_view text) {
  const auto parsed = parse_image_identity(text, "i.toml");
  if (!parsed) {
    RC_ASSERT(parsed.error().code == ErrorCode::corrupt);
    return;
  }
  RC_ASSERT(!parsed->serial.empty() && parsed->serial.size() <= 20);
  RC_ASSERT(parsed->serial.find_first_of(" /.\"\\\n") == std::string::npos);
  RC_ASSERT(parsed->model.size() <= 40);
  RC_ASSERT(parsed->capacity_bytes > 0 && parsed->capacity_bytes % 4096 == 0);
  RC_ASSERT(parsed->logical_sector_bytes == 512 || parsed->logical_sector_bytes == 4096);
  const auto again = parse_image_identity(image_identity_text(*parsed), "again.toml");
  RC_ASSERT(again.has_value() && *again == *parsed);
}

RC_GTEST_PROP(ImageIdentityProperty, mutated_sidecars_are_refused_or_sane, ()) {
  std::string text = sidecar();
  const auto mutations = *rc::gen::inRange(1, 6);
  for (int i = 0; i < mutations; ++i) {
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<size_t>(1, 9));
        break;
      default:
        text.insert(
            at, *rc::gen::element<std::string>("\"", "=", "\n", "0", "[", "]", "\x80", "serial = 1\n", "{"));
        break;
    }
    if (text.empty()) break;
  }
  check_sane(text);
}

RC_GTEST_PROP(ImageIdentityProperty, random_bytes_are_refused_or_sane, (const std::string& text)) {
  check_sane(text);
}

}  // namespace
}  // namespace seedbed
