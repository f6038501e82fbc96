import Imaging

/// The table of metrics: a row for each model, one for the gray copy, one for the photographs.
enum MetricsRows {
  static func text(models: [(name: String, metrics: ImageMetrics)], grayCopy: ImageMetrics, truth: ImageMetrics)
    -> String
  {
    let columns: [TextTable.Column] = [
      .left(""), .right("MSE"), .right("PSNR (pooled)"), .right("PSNR (mean)"), .right("MAE"), .right("SSIM"),
      .right("colorfulness"),
    ]
    let rows = (models + [("gray copy", grayCopy)]).map { name, metrics in
      [
        name, Format.fixed(metrics.mse, 5), Format.fixed(metrics.psnr, 2) + " dB",
        Format.fixed(metrics.psnrPerImage, 2) + " dB", Format.fixed(metrics.mae, 4), Format.fixed(metrics.ssim, 4),
        Format.fixed(metrics.colorfulness, 1),
      ]
    }
    // Of the photographs only the colorfulness tells anything: their distance from themselves is zero.
    return TextTable.text(columns, rows + [["photographs", "", "", "", "", "", Format.fixed(truth.colorfulness, 1)]])
  }
}
