//! A small picture of few colours as PNG: four bits a point, and a palette.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// Colours of a palette: red, green, blue.
pub(super) type Palette = [[u8; 3]; 16];

/// The file. `points` are places in the palette, by row, the upper one first.
///
/// # Errors
/// If there is no whole row of points.
pub(super) fn write(
    width: usize,
    points: &[u8],
    palette: &Palette,
) -> Result<Vec<u8>, EncodingError> {
    let width = width.max(1);
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, side(width), side(points.len() / width));
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Four);
    encoder.set_palette(palette.as_flattened());
    encoder.set_compression(Compression::High);
    // Of few colours a filter makes more of them.
    encoder.set_filter(Filter::NoFilter);
    let pairs = points.chunks(width).flat_map(|row| row.chunks(2));
    let packed: Vec<u8> = pairs
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&packed)?;
    writer.finish()?;
    Ok(file)
}
