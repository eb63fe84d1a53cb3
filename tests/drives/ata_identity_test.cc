// IDENTIFY DEVICE and VPD bytes, and what is concluded about the write cache.
#include "engine/linux/ata_identity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <numeric>

#include "engine/linux/ata_command.h"
#include "engine/linux/ata_power.h"
#include "engine/linux/sata_drive.h"
#include "tests/drives/subject.h"

namespace seedbed {
namespace {

using Sector = AtaSector;

void put_string(Sector& sector, size_t first_word, size_t words, std::string text) {
  text.resize(words * 2, ' ');
  for (size_t i = 0; i < text.size(); ++i) sector[first_word * 2 + (i ^ 1)] = static_cast<uint8_t>(text[i]);
}

void put_word(Sector& sector, size_t word, uint16_t value) {
  store_le(sector, word * 2, value);
}

Sector drive_sector() {
  Sector sector{};
  put_word(sector, 0, 0x0040);
  put_string(sector, 10, 10, "        WD-WCAV 1234");
  put_string(sector, 23, 4, "80.00A80");
  put_string(sector, 27, 20, "WDC WD10EADS-00L5B1");
  put_word(sector, 82, 0x346b);
  put_word(sector, 83, 0x7f61);
  put_word(sector, 85, 0x3469);  // bit 5 set: write cache on
  put_word(sector, 87, 0x4163);
  return sector;
}

TEST(AtaIdentity, swaps_and_trims_its_strings) {
  const auto identity = parse_ata_identity(drive_sector(), "/dev/sdz");
  ASSERT_TRUE(identity) << why(identity);
  EXPECT_EQ(identity->serial, "WD-WCAV1234");  // a DriveId has no spaces
  EXPECT_EQ(identity->firmware, "80.00A80");
  EXPECT_EQ(identity->model, "WDC WD10EADS-00L5B1");
  EXPECT_EQ(identity->write_cache, std::optional(true));
}

TEST(AtaIdentity, knows_the_write_cache_only_where_the_words_are_valid) {
  Sector sector = drive_sector();
  put_word(sector, 85, 0x3469 & ~(1 << 5));
  EXPECT_EQ(parse_ata_identity(sector, "x")->write_cache, std::optional(false));
  sector = drive_sector();
  put_word(sector, 87, 0xffff);
  EXPECT_EQ(parse_ata_identity(sector, "x")->write_cache, std::nullopt);
  sector = drive_sector();
  put_word(sector, 83, 0x0000);
  EXPECT_EQ(parse_ata_identity(sector, "x")->write_cache, std::nullopt);
}

TEST(AtaIdentity, checks_the_checksum_where_there_is_one) {
  Sector sector = drive_sector();
  sector[510] = 0xa5;
  const auto sum = std::accumulate(sector.begin(), sector.end(), 0u);
  sector[511] = static_cast<uint8_t>(0x100 - (sum & 0xff));
  EXPECT_TRUE(parse_ata_identity(sector, "x"));
  sector[30] ^= 1;
  EXPECT_FALSE(parse_ata_identity(sector, "x"));
}

TEST(AtaIdentity, refuses_what_is_no_disk) {
  Sector sector = drive_sector();
  put_word(sector, 0, 0x8580);
  EXPECT_EQ(parse_ata_identity(sector, "x").error().code, ErrorCode::corrupt);
  sector = drive_sector();
  sector[20] = 0x07;
  EXPECT_EQ(parse_ata_identity(sector, "x").error().code, ErrorCode::corrupt);
  EXPECT_FALSE(parse_ata_identity(ByteSpan(sector).first(511), "x"));
  EXPECT_FALSE(parse_ata_identity({}, "x"));
}

void check_printable(const AtaIdentity& identity) {
  RC_ASSERT(identity.serial.size() <= 20 && identity.firmware.size() <= 8 && identity.model.size() <= 40);
  for (const std::string& text : {identity.serial, identity.firmware, identity.model})
    for (const char c : text) RC_ASSERT(c >= ' ' && c <= '~');
}

RC_GTEST_PROP(AtaIdentityProperty, mutated_sectors_give_printable_strings_or_nothing, ()) {
  Sector sector = drive_sector();
  for (int i = *rc::gen::inRange(1, 20); i > 0; --i)
    sector[*rc::gen::inRange<size_t>(0, sector.size())] = *rc::gen::arbitrary<uint8_t>();
  if (const auto identity = parse_ata_identity(sector, "x")) check_printable(*identity);
}

RC_GTEST_PROP(AtaIdentityProperty, any_bytes_are_survived, (const std::vector<uint8_t>& bytes)) {
  if (const auto identity = parse_ata_identity(bytes, "x")) check_printable(*identity);
  parse_power_cycles(bytes);
  for (const char c : parse_vpd_serial(bytes)) RC_ASSERT(c > ' ' && c <= '~');
}

TEST(VpdSerial, reads_page_80h) {
  const Bytes page{0x00, 0x80, 0x00, 0x06, ' ', 'S', '1', '2', ' ', 0x00};
  EXPECT_EQ(parse_vpd_serial(page), "S12");
  EXPECT_EQ(parse_vpd_serial(ByteSpan(page).first(9)), "");  // shorter than it says
  EXPECT_EQ(parse_vpd_serial(Bytes{0x00, 0x83, 0x00, 0x01, 'S'}), "");
  EXPECT_EQ(parse_vpd_serial(Bytes{0x00, 0x80}), "");
}

Sector smart_sector(uint8_t attribute, uint64_t raw) {
  Sector sector{};
  const size_t at = 2 + 5 * 12;  // the sixth of the table
  sector[at] = attribute;
  store_le(sector, at + 5, raw << 16 >> 16);  // 48 bits, then the reserved byte
  sector[511] = static_cast<uint8_t>(0x100 - (std::accumulate(sector.begin(), sector.end(), 0u) & 0xff));
  return sector;
}

TEST(PowerCycles, are_attribute_12_of_the_smart_data) {
  EXPECT_EQ(parse_power_cycles(smart_sector(12, 1234)), std::optional<uint64_t>(1234));
  EXPECT_EQ(parse_power_cycles(smart_sector(12, 0x1234'5678'9abc)),
            std::optional<uint64_t>(0x1234'5678'9abc));
  EXPECT_EQ(parse_power_cycles(smart_sector(9, 1234)), std::nullopt);
  Sector damaged = smart_sector(12, 1234);
  damaged[100] ^= 1;
  EXPECT_EQ(parse_power_cycles(damaged), std::nullopt);
  EXPECT_EQ(parse_power_cycles(ByteSpan(damaged).first(20)), std::nullopt);
}

// What the drive says, what the kernel says: volatile?, and do flushes arrive?
TEST(WriteCache, a_kernel_that_does_not_flush_a_drive_that_caches_is_not_believed) {
  const auto verdict = [](std::optional<bool> drive, const char* kernel) {
    const CacheVerdict judged = judge_write_cache(drive, kernel);
    return std::pair(judged.volatile_cache, judged.flushes_arrive);
  };
  EXPECT_EQ(verdict(true, "write back"), std::pair(true, true));
  EXPECT_EQ(verdict(true, "write through"), std::pair(true, false));  // fdatasync would be a lie
  EXPECT_EQ(verdict(false, "write through"), std::pair(false, true));
  EXPECT_EQ(verdict(false, "write back"), std::pair(false, true));
  EXPECT_EQ(verdict(std::nullopt, "write back"), std::pair(true, true));
  EXPECT_EQ(verdict(std::nullopt, "write through"), std::pair(false, true));
  EXPECT_EQ(verdict(std::nullopt, ""), std::pair(true, true));
}

}  // namespace
}  // namespace seedbed
