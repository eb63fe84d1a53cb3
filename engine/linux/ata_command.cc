#include "engine/linux/ata_command.h"

#include <scsi/sg.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace seedbed {

Result<AtaSector> read_ata_sector(int descriptor, const AtaCommand& command, const std::string& path) {
  AtaSector sector{};
  std::array<uint8_t, 32> sense{};
  // ATA PASS-THROUGH (16), SAT-3 12.2.2: PIO data-in, from the device, length in blocks by the sector count.
  // CK_COND stays 0: with it, libata answers data-in commands by CHECK CONDITION.
  std::array<uint8_t, 16> block{};
  block[0] = 0x85;
  block[1] = 4 << 1;
  block[2] = 0x08 | 0x04 | 0x02;
  block[4] = command.feature;
  block[6] = 1;
  block[10] = command.lba_mid;
  block[12] = command.lba_high;
  block[14] = command.command;
  sg_io_hdr_t header{};
  header.interface_id = 'S';
  header.dxfer_direction = SG_DXFER_FROM_DEV;
  header.cmd_len = block.size();
  header.cmdp = block.data();
  header.dxfer_len = sector.size();
  header.dxferp = sector.data();
  header.mx_sb_len = sense.size();
  header.sbp = sense.data();
  header.timeout = 10'000;  // ms: a sleeping disk spins up first
  if (::ioctl(descriptor, SG_IO, &header) != 0) return fail_errno(errno, "SG_IO", path);
  if (header.status != 0 || header.host_status != 0 || header.driver_status != 0 || header.resid != 0)
    return fail(ErrorCode::unsupported, "the drive does not answer the ATA command", path);
  return sector;
}

}  // namespace seedbed
