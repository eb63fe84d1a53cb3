// The loading dock: where people and tests make the physical world happen: a package arrives, time passes, a
// package goes home, an account's key is rotated. And the door by which the data centre asks for work and
// tells how it goes (with the internal token only). Protocol: docs/formats/dock-api.md.
//
// Any task may call handle(). Durability: as the job book's.
#pragma once

#include "engine/base/url.h"
#include "engine/ports/http.h"
#include "fakes/import_service/account_door.h"
#include "fakes/import_service/bay.h"
#include "fakes/import_service/job_book.h"

namespace seedbed {

class Carrier {
 public:
  // add_vault: makes a vault and registers a certificate (VaultService::add_vault).
  using AddVault = std::function<Status(const std::string& name, ByteSpan certificate_der)>;
  Carrier(ServiceState& state, JobBook& book, Bay& bay, AccountDoor accounts, AddVault add_vault)
      : state_(state),
        book_(book),
        bay_(bay),
        accounts_(std::move(accounts)),
        add_vault_(std::move(add_vault)) {}
  Status create_tables() { return {}; }  // all it knows stands in the job book
  // Everything under /_dock.
  HttpResponse handle(const HttpRequest& request, const Url& url);

 private:
  HttpResponse deliver(const HttpRequest& request);
  HttpResponse go_home(const HttpRequest& request);
  HttpResponse move_clock(const HttpRequest& request);
  HttpResponse show();
  HttpResponse rotate(const HttpRequest& request, const std::string& account);
  HttpResponse vault(const HttpRequest& request, const std::string& name);
  HttpResponse work();
  HttpResponse report(const HttpRequest& request, const std::string& row, const std::string& drive_id);

  ServiceState& state_;
  JobBook& book_;
  Bay& bay_;
  AccountDoor accounts_;
  AddVault add_vault_;
};

}  // namespace seedbed
