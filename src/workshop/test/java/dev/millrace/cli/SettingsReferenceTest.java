package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.settings.SettingDoc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class SettingsReferenceTest {

    @Test
    void theDocumentedTableIsWhatTheProgramPrints() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("docs/settings.md"));

        // on a difference: millrace settings prints the table
        assertThat(lines.stream().filter(line -> line.startsWith("|")).toList())
                .isEqualTo(SettingsCommand.reference().lines().toList());
    }

    @Test
    void aProgramGetsARowForEachKey() throws IOException {
        Commands commands = new Commands();

        assertThat(commands.run("settings", "--output", "json")).isZero();

        JsonNode rows = new ObjectMapper().readTree(commands.out());
        assertThat(StreamSupport.stream(rows.spliterator(), false)
                        .map(row -> row.path("key").asText())
                        .toList())
                .isEqualTo(MillraceSettings.reference().stream()
                        .map(SettingDoc::pattern)
                        .distinct()
                        .sorted()
                        .toList());
    }

    @Test
    void everyKeyIsDottedLowerCaseAndSaysWhatItMeans() {
        assertThat(MillraceSettings.reference())
                .hasSizeGreaterThan(50)
                .allSatisfy(doc -> assertThat(doc.key()).matches("[a-z0-9-]+(\\.[a-z0-9-]+)*\\.([a-z0-9-]+|\\*)"))
                .allSatisfy(doc -> assertThat(doc.doc()).isNotBlank().doesNotContain("\n"))
                .allSatisfy(doc -> assertThat(doc.type()).isNotBlank());
    }
}
