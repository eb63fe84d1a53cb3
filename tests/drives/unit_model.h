// What the units of a drive may legally hold after a power cut, by the contract alone: for every unit the
// value that is settled, and the values given to it since, each of which may or may not have reached the
// medium. Written apart from the write cache, which is held against it.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace seedbed {

class UnitModel {
 public:
  using Value = uint8_t;
  using Ids = std::set<size_t>;  // of writes, growing with submission

  explicit UnitModel(size_t units) : units_(units) {}

  void submitted(size_t id, size_t first, size_t count, Value value) {
    for (size_t unit = first; unit < first + count; ++unit) units_[unit].given.push_back({id, value});
    in_flight_.insert(id);
  }
  void completed(size_t id) {
    if (in_flight_.erase(id) != 0) completed_.insert(id);
  }
  void failed(size_t id) {
    in_flight_.erase(id);
    for (Unit& unit : units_) std::erase_if(unit.given, [&](const Given& given) { return given.id == id; });
  }
  const Ids& completed() const { return completed_; }
  const Ids& in_flight() const { return in_flight_; }

  // A flush that covers these keeps its word: the newest of them is the floor of each unit.
  void flushed(const Ids& covered) {
    for (Unit& unit : units_)
      for (size_t i = unit.given.size(); i-- > 0;) {
        const Given given = unit.given[i];
        if (!covered.contains(given.id) || orphaned_.contains(given.id)) continue;
        unit.settled = given.value;
        unit.given.erase(unit.given.begin(), unit.given.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        break;
      }
  }
  void flush_failed(const Ids& covered) { orphaned_.insert(covered.begin(), covered.end()); }

  // The host died; keeps(id, unit) of the writes in flight.
  template <typename Keeps>
  void killed(Keeps keeps) {
    for (size_t i = 0; i < units_.size(); ++i)
      std::erase_if(units_[i].given,
                    [&](const Given& given) { return in_flight_.contains(given.id) && !keeps(given.id, i); });
    completed_.insert(in_flight_.begin(), in_flight_.end());
    in_flight_.clear();
  }
  // The power went, and this is what is there now.
  void cut(const std::vector<Value>& found) {
    for (size_t i = 0; i < units_.size(); ++i) units_[i] = {.settled = found[i], .given = {}};
    in_flight_.clear();
    completed_.clear();
    orphaned_.clear();
  }

  std::set<Value> legal(size_t unit) const {
    std::set<Value> values{units_[unit].settled};
    for (const Given& given : units_[unit].given) values.insert(given.value);
    return values;
  }
  Value visible(size_t unit) const {
    for (size_t i = units_[unit].given.size(); i-- > 0;)
      if (!in_flight_.contains(units_[unit].given[i].id)) return units_[unit].given[i].value;
    return units_[unit].settled;
  }
  Value settled(size_t unit) const { return units_[unit].settled; }
  size_t units() const { return units_.size(); }

 private:
  struct Given {
    size_t id;
    Value value;
  };
  struct Unit {
    Value settled = 0;
    std::vector<Given> given;  // since, in order of submission
  };
  std::vector<Unit> units_;
  Ids in_flight_, completed_, orphaned_;
};

}  // namespace seedbed
