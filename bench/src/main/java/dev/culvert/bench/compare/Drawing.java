package dev.culvert.bench.compare;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/// A picture of few things on white, in pixels from the upper left, as SVG or as an image.
record Drawing(int width, int height, List<Mark> marks) {
    private static final int SCALE = 2; // for screens with small pixels

    enum Anchor {
        START("start"),
        END("end");

        private final String svg;

        Anchor(String svg) {
            this.svg = svg;
        }
    }

    /// A thing in the picture; `rgb` as 0xRRGGBB.
    sealed interface Mark {}

    record Bar(double x, double y, double w, double h, int rgb) implements Mark {}

    record Line(double x1, double y1, double x2, double y2, int rgb) implements Mark {}

    /// @param y of the base line
    record Text(double x, double y, int size, Anchor anchor, String text) implements Mark {}

    String svg() {
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>%n",
                width,
                height,
                width,
                height));
        for (Mark mark : marks) {
            svg.append(
                    switch (mark) {
                        case Bar bar ->
                            String.format(
                                    Locale.ROOT,
                                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>%n",
                                    bar.x(),
                                    bar.y(),
                                    bar.w(),
                                    bar.h(),
                                    bar.rgb());
                        case Line line ->
                            String.format(
                                    Locale.ROOT,
                                    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#%06x\"/>%n",
                                    line.x1(),
                                    line.y1(),
                                    line.x2(),
                                    line.y2(),
                                    line.rgb());
                        case Text text ->
                            String.format(
                                    Locale.ROOT,
                                    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\">%s</text>%n",
                                    text.x(),
                                    text.y(),
                                    text.size(),
                                    text.anchor().svg,
                                    escaped(text.text()));
                    });
        }
        return svg.append("</svg>\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /// Needs a font of the system; without one, AWT throws.
    BufferedImage image() {
        BufferedImage image = new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.scale(SCALE, SCALE);
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, width, height);
        pen.setStroke(new BasicStroke(1));
        for (Mark mark : marks) {
            switch (mark) {
                case Bar bar -> {
                    pen.setColor(new Color(bar.rgb()));
                    pen.fill(new Rectangle2D.Double(bar.x(), bar.y(), bar.w(), bar.h()));
                }
                case Line line -> {
                    pen.setColor(new Color(line.rgb()));
                    pen.draw(new Line2D.Double(line.x1(), line.y1(), line.x2(), line.y2()));
                }
                case Text text -> {
                    pen.setColor(Color.BLACK);
                    pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, text.size()));
                    int shift =
                            text.anchor() == Anchor.END ? pen.getFontMetrics().stringWidth(text.text()) : 0;
                    pen.drawString(text.text(), (float) text.x() - shift, (float) text.y());
                }
            }
        }
        pen.dispose();
        return image;
    }
}
