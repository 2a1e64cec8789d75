package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.millrace.settings.InvalidSettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCursorsTest {

    private static final List<String> ITEMS = List.of("a", "föhn", "movie/c");

    private final PageCursors cursors = PageCursors.of(Optional.empty());

    @Test
    void cursorBringsBackWhatWasAnswered() {
        String cursor = cursors.behind("ann", "g1", ITEMS).orElseThrow();

        assertThat(answered(cursors, cursor, "ann", "g1")).isEqualTo(ITEMS);
        assertThat(answered(cursors, "first", "ann", "g1")).isEmpty();
    }

    @Test
    void cursorOfAnotherGenerationIsAConflict() {
        String cursor = cursors.behind("ann", "g1", ITEMS).orElseThrow();

        assertThatThrownBy(() -> answered(cursors, cursor, "ann", "g2"))
                .isInstanceOfSatisfying(RefusedRequestException.class, refused -> {
                    assertThat(refused.problem().status()).isEqualTo(409);
                    assertThat(refused.problem().detail()).startsWith("page is of generation g1, and g2 answers");
                });
    }

    @Test
    void cursorThatWasChangedAnywhereIsRefused() {
        byte[] good =
                Base64.getUrlDecoder().decode(cursors.behind("ann", "g1", ITEMS).orElseThrow());

        for (int at = 0; at < good.length; at++) {
            byte[] changed = good.clone();
            changed[at] ^= 1;
            requireRefused(Base64.getUrlEncoder().encodeToString(changed), "ann");
            requireRefused(Base64.getUrlEncoder().encodeToString(Arrays.copyOf(good, at)), "ann");
        }
        requireRefused(Base64.getUrlEncoder().encodeToString(good), "bob");
        requireRefused("A".repeat(1 << 20), "ann");
        requireRefused("no base64!", "ann");
    }

    @Test
    void cursorHasAtMostAThousandItems() {
        assertThat(cursors.behind("ann", "g1", Collections.nCopies(1_000, "a"))).isPresent();
        assertThat(cursors.behind("ann", "g1", Collections.nCopies(1_001, "a"))).isEmpty();
    }

    @Test
    void serversOfOneKeyTakeEachOthersCursors(@TempDir Path directory) throws Exception {
        Path key = Files.write(directory.resolve("key"), new byte[32]);
        Path weak = Files.write(directory.resolve("weak"), new byte[31]);
        String cursor =
                PageCursors.of(Optional.of(key)).behind("ann", "g1", ITEMS).orElseThrow();

        assertThat(answered(PageCursors.of(Optional.of(key)), cursor, "ann", "g1"))
                .isEqualTo(ITEMS);
        requireRefused(cursor, "ann"); // by a key of its own
        assertThatThrownBy(() -> PageCursors.of(Optional.of(weak)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("serve.cursor-key.file")
                .hasMessageContaining("at least 32 bytes");
        assertThatThrownBy(() -> PageCursors.of(Optional.of(directory.resolve("none"))))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("cannot be read");
    }

    private void requireRefused(String cursor, String user) {
        assertThatThrownBy(() -> answered(cursors, cursor, user, "g1"))
                .isInstanceOfSatisfying(
                        RefusedRequestException.class,
                        refused -> assertThat(refused.problem().status()).isEqualTo(400));
    }

    private static List<String> answered(PageCursors by, String cursor, String user, String generation) {
        Given given = Given.json("", JsonNodeFactory.instance.objectNode().put("page", cursor));
        return by.answered(given, "page", user, generation);
    }
}
