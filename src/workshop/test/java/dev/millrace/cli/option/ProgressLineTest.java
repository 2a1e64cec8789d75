package dev.millrace.cli.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProgressLineTest {

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    @BeforeEach
    void look() {
        System.setErr(new PrintStream(shown, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void lookAway() {
        System.setErr(before);
    }

    @Test
    void anotherPartIsShownAlthoughTheNumberIsTheSame() {
        try (ProgressLine line = new ProgressLine("asked", ProgressLine.Form.BAR)) {
            line.reached("cluster", 0, 10);
            line.reached("topics", 0, 10);
            await().until(() -> text().contains("topics"));
            line.reached("disks", 0, 10);
            await().until(() -> text().contains("disks"));
        }
    }

    @Test
    void itComesAgainBehindALineOfText() {
        try (ProgressLine line = new ProgressLine("read", ProgressLine.Form.BAR)) {
            line.reached("users", 3, 10);
            line.clear();
            System.err.println("a line of text");
            await().until(() -> text().lastIndexOf("3/10") > text().indexOf("a line of text"));
        }
    }

    @Test
    void nothingIsWrittenWhereItIsNotShown() {
        try (ProgressLine line = new ProgressLine("read", ProgressLine.Form.NOTHING)) {
            line.reached("users", 3, 10);
            line.clear();
            line.end();
        }
        assertThat(text()).isEmpty();
    }

    @Test
    void withoutATerminalALineNowAndThenTellsTheTimeLeft() {
        AtomicLong now = new AtomicLong();
        long second = Duration.ofSeconds(1).toNanos();
        try (ProgressLine line = new ProgressLine("learnt", ProgressLine.Form.LINES, now::get)) {
            line.reached("window 1", 1_000, 9_000);
            now.set(29 * second);
            line.reached("window 1", 1_900, 9_000);
            assertThat(text()).isEmpty();
            now.set(30 * second);
            line.reached("window 2", 2_000, 9_000);
            now.set(59 * second);
            line.reached("window 2", 2_100, 9_000);
        }

        // 1,000 in 30 s, 7,000 are left
        assertThat(text()).isEqualTo(String.format("learnt 2,000 of 9,000, 0:03:30 left (window 2)%n"));
    }

    private String text() {
        return shown.toString(StandardCharsets.UTF_8);
    }
}
