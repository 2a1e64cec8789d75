package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainWriterTest {

    /** Java takes US-ASCII where no locale is set, as in a container or under {@code env -i}. */
    @ParameterizedTest
    @CsvSource({
        "US-ASCII, R@10 0.300 +/- 0.002 - 3 x 4 -> 5 u, ??", // what is not ours has no ASCII
        "ISO-8859-1, R@10 0.300 ± 0.002 - 3 × 4 -> 5 µ, ü?",
        "UTF-8, R@10 0.300 ± 0.002 – 3 × 4 → 5 µ, ü其",
    })
    void aLetterThatTheCharsetLacksIsWrittenInAscii(String charset, String ours, String others) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintWriter out = PlainWriter.to(bytes, Charset.forName(charset));

        out.printf(Locale.ROOT, "R@10 %.3f ± %.3f – ", 0.3, 0.002);
        out.append('3').write(" × 4 → 5 µ".toCharArray());
        out.println(", ü其");

        assertThat(bytes.toString(Charset.forName(charset))).isEqualTo(ours + ", " + others + System.lineSeparator());
    }
}
