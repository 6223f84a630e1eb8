package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.culvert.bench.compare.Drawing.Anchor;
import dev.culvert.bench.compare.Drawing.Bar;
import dev.culvert.bench.compare.Drawing.Line;
import dev.culvert.bench.compare.Drawing.Text;
import java.awt.image.BufferedImage;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

final class ChartTest {
    private static Measurements measured() {
        Measurements measurements = new Measurements();
        measurements.add(new Measurement(Row.TCP_UP, "ours", 1, Metric.GBIT, 8));
        measurements.add(new Measurement(Row.TCP_UP, "old", 1, Metric.GBIT, 2));
        measurements.add(new Measurement(Row.TCP_UP, "go", 1, Metric.GBIT, 4));
        measurements.add(new Measurement(Row.UDP_200, "ours", 1, Metric.KPKT_PER_CPU, 9)); // no baseline
        return measurements;
    }

    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    @Test
    void barsAreAsLongAsTheRatiosAndTheBaselineIsALine() {
        Drawing drawing = Chart.of(measured(), "go");

        List<Bar> bars = drawing.marks().stream()
                .filter(Bar.class::isInstance)
                .map(Bar.class::cast)
                .filter(bar -> bar.w() > bar.h()) // those of the legend are squares
                .toList();
        Line one = (Line) drawing.marks().getLast();

        assertThat(bars).hasSize(2);
        assertThat(bars.get(0).w()).isEqualTo(4 * bars.get(1).w(), within(0.01));
        assertThat(one.x1() - bars.get(0).x()).isEqualTo(bars.get(0).w() / 2, within(0.01));
    }

    @Test
    void everythingLiesInsideThePicture() {
        Drawing drawing = Chart.of(measured(), "go");
        assertThat(drawing.marks()).allSatisfy(mark -> {
            switch (mark) {
                case Bar bar -> {
                    assertThat(bar.x() + bar.w()).isBetween(0.0, (double) drawing.width());
                    assertThat(bar.y() + bar.h()).isBetween(0.0, (double) drawing.height());
                }
                case Line line -> assertThat(line.y2()).isBetween(0.0, (double) drawing.height());
                case Text text -> assertThat(text.y()).isBetween(0.0, (double) drawing.height());
            }
        });
    }

    /// With as much as a letter takes at most on the average, in the fonts that there are.
    @Test
    void theLongestLabelHasRoom() {
        Measurements measurements = new Measurements();
        for (Row row : Row.values()) {
            measurements.add(new Measurement(row, "ours", 1, row.headline(), 1));
            measurements.add(new Measurement(row, "go", 1, row.headline(), 1));
        }
        assertThat(Chart.of(measurements, "go").marks())
                .filteredOn(mark -> mark instanceof Text text && text.anchor() == Anchor.END)
                .allSatisfy(mark -> {
                    Text text = (Text) mark;
                    assertThat(text.x())
                            .isGreaterThan(0.56 * text.size() * text.text().length());
                });
    }

    @Test
    void svgIsXmlAlsoWithNamesThatAreNot() throws Exception {
        Drawing drawing = new Drawing(
                200,
                50,
                List.of(new Bar(1, 2, 30, 4, 0x0000ff), new Text(5, 20, 12, Anchor.END, "a < b & \"c\" → 1.5×")));

        Document svg = parsed(drawing.svg());

        assertThat(svg.getElementsByTagName("text").item(0).getTextContent()).isEqualTo("a < b & \"c\" → 1.5×");
        assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(2); // with the ground
        assertThat(svg.getElementsByTagName("rect")
                        .item(1)
                        .getAttributes()
                        .getNamedItem("fill")
                        .getNodeValue())
                .isEqualTo("#0000ff");
    }

    @Test
    void theImageShowsTheSameAtTwiceTheSize() {
        Drawing drawing = new Drawing(100, 50, List.of(new Bar(10, 10, 50, 10, 0x0072b2)));

        BufferedImage image = drawing.image();

        assertThat(image.getWidth()).isEqualTo(200);
        assertThat(image.getHeight()).isEqualTo(100);
        assertThat(image.getRGB(60, 30) & 0xffffff).isEqualTo(0x0072b2);
        assertThat(image.getRGB(150, 30) & 0xffffff).isEqualTo(0xffffff);
    }

    @Test
    void withoutAnythingMeasuredItIsStillAPicture() throws Exception {
        assertThat(parsed(Chart.of(new Measurements(), "go").svg())
                        .getDocumentElement()
                        .getTagName())
                .isEqualTo("svg");
    }
}
