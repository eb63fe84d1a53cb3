// libxml2 as the judge of what reports write. One thread.
#pragma once

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include <memory>
#include <string>

namespace seedbed {

struct FreeXml {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
  void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};
using XmlDocument = std::unique_ptr<xmlDoc, FreeXml>;

// Nothing if the text is not well-formed; no error is mended.
inline XmlDocument well_formed(const std::string& text) {
  return XmlDocument(
      xmlReadMemory(text.data(), static_cast<int>(text.size()), "report.xml", "UTF-8",
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE));
}

// An XPath expression as text.
inline std::string xpath(const XmlDocument& document, const std::string& expression) {
  const std::unique_ptr<xmlXPathContext, FreeXml> context(xmlXPathNewContext(document.get()));
  const std::unique_ptr<xmlXPathObject, FreeXml> found(
      xmlXPathEval(reinterpret_cast<const xmlChar*>(("string(" + expression + ")").c_str()), context.get()));
  if (found == nullptr || found->stringval == nullptr) return "(no such expression)";
  return reinterpret_cast<const char*>(found->stringval);
}

}  // namespace seedbed
