#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "glcic/dataset.h"
#include "glcic/estimate.h"
#include "glcic/properties/compared_methods.h"
#include "glcic/properties/measures.h"

/// The comparison of Iizuka et al. 2017, table 1: method by property, each property measured.
namespace kintsugi {

struct PictureSize {
  int64_t width = 0, height = 0;

  bool operator==(const PictureSize&) const = default;
};
/// "100x76", width first. Throws Error for anything else, and for sides outside of 8 … 4096.
PictureSize picture_size_from_string(const std::string& text);
std::string to_string(const PictureSize& size);

struct ComparisonOptions {
  /// Squares, a landscape, a portrait, a strip; sides that are no multiple of 4 among them.
  std::vector<PictureSize> sizes = {{64, 64}, {128, 128}, {100, 76}, {180, 252}, {161, 40}};
  int64_t size = 64;  ///< of the pictures of all other figures: the centre square, scaled to this
  int64_t limit = 0;  ///< so many pictures, spread evenly over the dataset; 0: all
  PropertyScales scales = {};
};

/// What a method does with pictures of one size.
struct SizeOutcome {
  PictureSize size;
  std::string refusal;  ///< its sentence; empty where it completed the picture
};

struct MethodProperties {
  std::string name;
  std::vector<SizeOutcome> sizes;
  /// One for each of property_infos; empty where the method does not take pictures of the size.
  std::vector<Estimate> figures;
};

struct Comparison {
  ComparisonOptions options;
  int64_t pictures = 0;
  std::vector<MethodProperties> methods;
};

/// Completes pictures with the centred square of half the side cut out (on aligned faces: both
/// eyes, the nose and most of the mouth) by every method, and measures them (measures.h). "Any
/// size" is tried on the first picture, cut to each size around its middle, with the middle half
/// of both sides as the hole: a size counts where the method returns the whole picture, with all
/// values in [0, 1] and everything outside of the hole as it was.
///
/// Throws Error for an empty dataset, for a damaged picture, and for a size whose hole is too small
/// to be measured (property_reference).
Comparison compare(const std::vector<ComparedMethod>& methods, const Dataset& dataset,
                   const ComparisonOptions& options = {});

/// Method by property, then what each method refuses, then what the figures mean.
std::string comparison_table(const Comparison& comparison);
/// The same as Markdown.
std::string comparison_markdown(const Comparison& comparison);

}  // namespace kintsugi
