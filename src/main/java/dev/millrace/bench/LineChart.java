package dev.millrace.bench;

import java.util.List;
import java.util.Locale;

/**
 * A drawing of lines over sizes, as SVG: panels side by side with one scale of values and one legend.
 *
 * <p>Sizes are on a logarithmic axis, values on a linear one from 0. All colours can be told from white and from black, and the ground is
 * left as it is, so that the drawing can be read in light and in dark pages.
 *
 * @param title of the whole
 * @param unit of all values
 * @param panels at least one, with the same lines in the same order, from left to right
 */
record LineChart(String title, String unit, List<Panel> panels) {

    /**
     * One panel.
     *
     * @param sizes of the points of all its lines, ascending, above 0
     */
    record Panel(String title, List<Integer> sizes, List<Line> lines) {

        Panel {
            sizes = List.copyOf(sizes);
            lines = List.copyOf(lines);
        }
    }

    /**
     * One line.
     *
     * @param values one for each size of its panel, not negative
     */
    record Line(String name, List<Double> values) {

        Line {
            values = List.copyOf(values);
        }
    }

    private static final int PANEL_WIDTH = 360;
    private static final int PANEL_HEIGHT = 240;
    private static final int LEFT = 64;
    private static final int TOP = 78;
    private static final int BETWEEN = 60;
    private static final int BOTTOM = 56;
    private static final int LEGEND_STEP = 120;
    private static final int MOST_TICKS = 6;
    private static final String INK = "#768390";
    private static final List<String> COLOURS = List.of("#3b82c4", "#d9730d", "#2f9e44", "#a05bd6", "#c2410c");
    private static final List<String> DASHES = List.of("none", "8 3", "2 3", "8 3 2 3", "12 4");

    LineChart {
        panels = List.copyOf(panels);
        if (panels.isEmpty()) {
            throw new IllegalArgumentException("a chart of no panels: must have at least one");
        }
    }

    String svg() {
        int width = LEFT + panels.size() * (PANEL_WIDTH + BETWEEN);
        int height = TOP + PANEL_HEIGHT + BOTTOM;
        StringBuilder svg = new StringBuilder();
        add(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\" fill=\"%s\">",
                width,
                height,
                width,
                height,
                INK);
        add(svg, "<title>%s</title>", escaped(title));
        text(svg, LEFT, 24, "start", title);
        legend(svg);
        double step = tick(highest());
        double top = Math.max(step, StrictMath.ceil(highest() / step) * step);
        for (int at = 0; at < panels.size(); at++) {
            panel(svg, panels.get(at), LEFT + at * (PANEL_WIDTH + BETWEEN), top, step);
        }
        svg.append("</svg>\n");
        return svg.toString();
    }

    private double highest() {
        return panels.stream()
                .flatMap(panel -> panel.lines.stream())
                .flatMap(line -> line.values.stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0);
    }

    private void legend(StringBuilder svg) {
        List<Line> lines = panels.get(0).lines;
        for (int line = 0; line < lines.size(); line++) {
            int x = LEFT + line * LEGEND_STEP;
            add(svg, "<path d=\"M%d 40h32\" %s/>", x, stroke(line));
            text(svg, x + 38, 44, "start", lines.get(line).name);
        }
    }

    private void panel(StringBuilder svg, Panel panel, int left, double top, double step) {
        int bottom = TOP + PANEL_HEIGHT;
        for (int tick = 0; tick * step <= top * 1.0001; tick++) {
            double y = y(tick * step, top);
            add(
                    svg,
                    "<path d=\"M%d %.1fh%d\" stroke=\"%s\" stroke-opacity=\"%s\"/>",
                    left,
                    y,
                    PANEL_WIDTH,
                    INK,
                    tick == 0 ? "1" : "0.3");
            text(svg, left - 6, y + 4, "end", number(tick * step));
        }
        text(svg, left - 6, TOP - 12, "end", unit);
        text(svg, left + PANEL_WIDTH / 2.0, bottom + 40, "middle", panel.title);
        for (int size : panel.sizes) {
            double x = x(panel, size, left);
            add(svg, "<path d=\"M%.1f %dv5\" stroke=\"%s\"/>", x, bottom, INK);
            text(svg, x, bottom + 20, "middle", size(size));
        }
        for (int line = 0; line < panel.lines.size(); line++) {
            StringBuilder points = new StringBuilder();
            List<Double> values = panel.lines.get(line).values;
            for (int at = 0; at < values.size(); at++) {
                double x = x(panel, panel.sizes.get(at), left);
                double y = y(values.get(at), top);
                points.append(String.format(Locale.ROOT, at == 0 ? "%.1f,%.1f" : " %.1f,%.1f", x, y));
                add(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>", x, y, COLOURS.get(colour(line)));
            }
            add(svg, "<polyline points=\"%s\" %s/>", points, stroke(line));
        }
    }

    /** The logarithm of the size decides; a single size is in the middle. */
    private static double x(Panel panel, int size, int left) {
        double first = StrictMath.log(panel.sizes.get(0));
        double last = StrictMath.log(panel.sizes.get(panel.sizes.size() - 1));
        double share = last > first ? (StrictMath.log(size) - first) / (last - first) : 0.5;
        return left + share * PANEL_WIDTH;
    }

    private static double y(double value, double top) {
        return TOP + PANEL_HEIGHT * (1 - value / top);
    }

    /** The smallest of 1, 2, 5, 10, 20 … and their fractions by ten of which {@value #MOST_TICKS} reach the highest value. */
    private static double tick(double highest) {
        if (highest <= 0) {
            return 1;
        }
        double power = StrictMath.pow(10, StrictMath.floor(StrictMath.log10(highest / MOST_TICKS)));
        for (int factor : new int[] {1, 2, 5}) {
            if (factor * power * MOST_TICKS >= highest) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String stroke(int line) {
        return "fill=\"none\" stroke-width=\"2\" stroke=\"" + COLOURS.get(colour(line)) + "\" stroke-dasharray=\""
                + DASHES.get(colour(line)) + "\"";
    }

    private static int colour(int line) {
        return line % COLOURS.size();
    }

    private static String size(int size) {
        if (size >= 1_000_000 && size % 1_000_000 == 0) {
            return size / 1_000_000 + "M";
        }
        return size >= 1_000 && size % 1_000 == 0 ? size / 1_000 + "k" : Integer.toString(size);
    }

    private static String number(double value) {
        String number = String.format(Locale.ROOT, "%.3f", value);
        return number.replaceAll("\\.?0+$", "");
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        add(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, escaped(text));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static void add(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
