#include "glcic/pictures/libjpeg.h"

#include <jerror.h>

#include <new>

#include "tensor/error.h"

namespace kintsugi {
namespace {

[[noreturn]] void fail(j_common_ptr info) {
  auto* failure = static_cast<JpegFailure*>(info->err);
  failure->format_message(info, failure->message);
  std::longjmp(failure->jump, 1);
}

/// Oddities that cost no pixel. All other warnings tell of corrupt data.
bool is_harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
         code == JWRN_BOGUS_ICC || code == JWRN_NOT_SEQUENTIAL;
}

void judge(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) fail(info);
}

/// A progressive file may ask for thousands of passes over a large picture.
void limit_scans(j_common_ptr info) {
  constexpr int kMaxScans = 500;
  const auto* reader = reinterpret_cast<jpeg_decompress_struct*>(info);
  if (reader->input_scan_number > kMaxScans) ERREXIT(info, JERR_BAD_PROGRESSION);
}

void set_up(JpegFailure& failure) {
  jpeg_std_error(&failure);
  failure.error_exit = fail;
  failure.emit_message = judge;
}

}  // namespace

JpegReader::JpegReader(std::string_view bytes) {
  set_up(failure);
  info.err = &failure;
  progress_.progress_monitor = limit_scans;
  const bool created = succeeds(failure, [&] {
    jpeg_create_decompress(&info);
    info.progress = &progress_;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  });
  if (!created) throw std::bad_alloc();
}

JpegReader::~JpegReader() { jpeg_destroy_decompress(&info); }

void JpegReader::read_header() {
  constexpr unsigned kWhole = 0xFFFF;
  jpeg_save_markers(&info, JPEG_COM, kWhole);
  for (int n = 0; n < 16; ++n) jpeg_save_markers(&info, JPEG_APP0 + n, kWhole);
  jpeg_read_header(&info, TRUE);
}

std::string_view JpegReader::rest() const {
  return {reinterpret_cast<const char*>(info.src->next_input_byte), info.src->bytes_in_buffer};
}

void JpegWriter::Destination::flush(j_compress_ptr writer, size_t count) {
  auto* destination = static_cast<Destination*>(writer->dest);
  bool appended = true;
  try {
    destination->bytes->append(reinterpret_cast<const char*>(destination->buffer), count);
  } catch (const std::bad_alloc&) {
    appended = false;
  }
  if (!appended) ERREXIT1(writer, JERR_OUT_OF_MEMORY, 0);
  destination->next_output_byte = destination->buffer;
  destination->free_in_buffer = sizeof destination->buffer;
}

JpegWriter::Destination::Destination(std::string& bytes) : jpeg_destination_mgr{}, bytes(&bytes) {
  init_destination = [](j_compress_ptr writer) { flush(writer, 0); };
  empty_output_buffer = [](j_compress_ptr writer) -> boolean {
    flush(writer, sizeof buffer);
    return TRUE;
  };
  term_destination = [](j_compress_ptr writer) {
    flush(writer, sizeof buffer - writer->dest->free_in_buffer);
  };
}

JpegWriter::JpegWriter(std::string& bytes) : destination_(bytes) {
  set_up(failure);
  info.err = &failure;
  const bool created = succeeds(failure, [&] { jpeg_create_compress(&info); });
  if (!created) throw std::bad_alloc();
  info.dest = &destination_;
}

JpegWriter::~JpegWriter() { jpeg_destroy_compress(&info); }

}  // namespace kintsugi
