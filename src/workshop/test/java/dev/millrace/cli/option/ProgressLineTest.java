package dev.millrace.cli.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
        try (ProgressLine line = new ProgressLine("asked", true)) {
            line.reached("cluster", 0, 10);
            line.reached("topics", 0, 10);
            await().until(() -> text().contains("topics"));
            line.reached("disks", 0, 10);
            await().until(() -> text().contains("disks"));
        }
    }

    @Test
    void itComesAgainBehindALineOfText() {
        try (ProgressLine line = new ProgressLine("read", true)) {
            line.reached("users", 3, 10);
            line.clear();
            System.err.println("a line of text");
            await().until(() -> text().lastIndexOf("3/10") > text().indexOf("a line of text"));
        }
    }

    @Test
    void nothingIsWrittenWhereItIsNotShown() {
        try (ProgressLine line = new ProgressLine("read", false)) {
            line.reached("users", 3, 10);
            line.clear();
            line.end();
        }
        assertThat(text()).isEmpty();
    }

    private String text() {
        return shown.toString(StandardCharsets.UTF_8);
    }
}
