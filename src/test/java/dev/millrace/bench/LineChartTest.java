package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.bench.LineChart.Line;
import dev.millrace.bench.LineChart.Panel;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class LineChartTest {

    @Test
    void sizesAreOnALogarithmicAxisAndValuesOnALinearOne() throws Exception {
        Panel panel =
                new Panel("items", List.of(1_000, 10_000, 100_000), List.of(new Line("a", List.of(0.0, 5.0, 10.0))));

        Document svg = parsed(new LineChart("costs", "ms", List.of(panel)));

        // a panel is 360 wide from 64 on, so a factor of ten is 180; it is 240 high from 78 on, and the axis ends at 10
        assertThat(all(svg, "polyline", "points")).containsExactly("64.0,318.0 244.0,198.0 424.0,78.0");
        assertThat(texts(svg)).contains("1k", "10k", "100k", "0", "2", "10", "ms", "items", "a");
    }

    @Test
    void panelsHaveOneScaleOfValues() throws Exception {
        Panel left = new Panel("items", List.of(10, 100), List.of(new Line("a", List.of(1.0, 10.0))));
        Panel right = new Panel("users", List.of(7), List.of(new Line("a", List.of(5.0))));

        Document svg = parsed(new LineChart("costs", "ms", List.of(left, right)));

        // the right panel begins 420 further right; a single size is in its middle
        assertThat(all(svg, "polyline", "points")).containsExactly("64.0,294.0 424.0,78.0", "664.0,198.0");
        assertThat(all(svg, "circle", "cx")).containsExactly("64.0", "424.0", "664.0");
    }

    @Test
    void aLineOfZerosIsDrawnToo() throws Exception {
        Panel zero = new Panel("items", List.of(2_000_000), List.of(new Line("a", List.of(0.0))));

        assertThat(texts(parsed(new LineChart("costs", "ms", List.of(zero))))).contains("2M", "0", "1");
    }

    @Test
    void namesAreText() throws Exception {
        Panel panel = new Panel("<items> & more", List.of(1), List.of(new Line("a<b", List.of(1.0))));

        assertThat(texts(parsed(new LineChart("x < y", "ms", List.of(panel)))))
                .contains("<items> & more", "a<b", "x < y");
    }

    @Test
    void everyColourCanBeToldFromWhiteAndFromADarkGround() {
        List<Line> lines = new ArrayList<>();
        for (int line = 0; line < 6; line++) {
            lines.add(new Line("line " + line, List.of(1.0)));
        }
        String svg = new LineChart("costs", "ms", List.of(new Panel("items", List.of(1), lines))).svg();

        Matcher colours = Pattern.compile("#[0-9a-f]{6}").matcher(svg);

        assertThat(colours.results().map(found -> found.group()).distinct())
                .hasSize(6)
                .allSatisfy(colour -> {
                    assertThat(contrast(colour, "#ffffff")).as(colour).isGreaterThan(3);
                    assertThat(contrast(colour, "#0d1117")).as(colour).isGreaterThan(3);
                });
    }

    /** By the Web Content Accessibility Guidelines 2.1, which ask for 3 for graphics. */
    private static double contrast(String left, String right) {
        double high = Math.max(luminance(left), luminance(right));
        double low = Math.min(luminance(left), luminance(right));
        return (high + 0.05) / (low + 0.05);
    }

    private static double luminance(String colour) {
        double[] shares = {0.2126, 0.7152, 0.0722};
        double sum = 0;
        for (int at = 0; at < 3; at++) {
            double value = Integer.parseInt(colour.substring(1 + 2 * at, 3 + 2 * at), 16) / 255.0;
            sum += shares[at] * (value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4));
        }
        return sum;
    }

    private static Document parsed(LineChart chart) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(chart.svg().getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> all(Document svg, String element, String attribute) {
        NodeList nodes = svg.getElementsByTagName(element);
        List<String> found = new ArrayList<>();
        for (int at = 0; at < nodes.getLength(); at++) {
            found.add(((Element) nodes.item(at)).getAttribute(attribute));
        }
        return found;
    }

    private static List<String> texts(Document svg) {
        NodeList nodes = svg.getElementsByTagName("text");
        List<String> found = new ArrayList<>();
        for (int at = 0; at < nodes.getLength(); at++) {
            found.add(nodes.item(at).getTextContent());
        }
        return found;
    }
}
