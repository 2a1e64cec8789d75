package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Commands that a page of the documentation tells its readers to give, run as they stand there. */
record DocumentedCommands(String text) {

    /** @param begin how the block of commands begins */
    static DocumentedCommands of(Path page, String begin) throws IOException {
        Matcher block = Pattern.compile("```bash\n(" + Pattern.quote(begin) + ".*?)```", Pattern.DOTALL)
                .matcher(Files.readString(page));
        assertThat(block.find())
                .as("a block of " + page + " that begins: " + begin)
                .isTrue();
        return new DocumentedCommands(block.group(1));
    }

    DocumentedCommands with(String what, String other) {
        assertThat(text).contains(what);
        return new DocumentedCommands(text.replace(what, other));
    }

    void run(Path directory, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder bash = new ProcessBuilder("bash", "-euc", text)
                .directory(Files.createDirectories(directory).toFile())
                .redirectErrorStream(true);
        bash.environment().putAll(environment);
        Process process = bash.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }
}
