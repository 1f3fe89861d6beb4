package mfa

import (
	"image"
	"image/color"
)

// framed is a QR code with its light border, each module so many pixels wide.
type framed struct {
	code  image.Image
	scale int
}

// ColorModel implements image.Image.
func (framed) ColorModel() color.Model { return color.GrayModel }

// Bounds implements image.Image.
func (f framed) Bounds() image.Rectangle {
	side := (f.code.Bounds().Dx() + 2*quiet) * f.scale
	return image.Rect(0, 0, side, side)
}

// At implements image.Image.
func (f framed) At(x, y int) color.Color {
	at := image.Pt(x/f.scale-quiet, y/f.scale-quiet)
	if !at.In(f.code.Bounds()) {
		return color.Gray{Y: 255}
	}
	return color.GrayModel.Convert(f.code.At(at.X, at.Y))
}
