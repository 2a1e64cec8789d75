package dev.millrace.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.EventsByKind;
import dev.millrace.replay.RealData;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MovieLensTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void ratingsAreClicksByTimeAndTiesKeepTheOrderOfTheFile() throws IOException {
        writeOneHundredK("1\t2\t5\t881250950\n1\t1\t3\t881250949\n2\t1\t1\t881250950\n");

        List<Click> clicks = EventsByKind.clicks(events(0));

        assertThat(clicks).extracting(Click::item).containsExactly("1", "2", "1");
        assertThat(clicks).extracting(Click::time).containsExactly(881250949000L, 881250950000L, 881250950000L);
        assertThat(clicks).allSatisfy(click -> assertThat(click.exposure()).isEmpty());
    }

    @Test
    void ratingsBelowTheMinimumAreLeftOut() throws IOException {
        writeOneHundredK("1\t2\t5\t881250950\n1\t1\t3\t881250949\n");

        assertThat(EventsByKind.clicks(events(4))).extracting(Click::item).containsExactly("2");
    }

    @Test
    void filmsAndUsersCarryTheirFeatures() throws IOException {
        writeOneHundredK("1\t2\t5\t881250950\n");

        List<ReplayEvent> events = events(0);

        var films = EventsByKind.items(events);
        assertThat(films.get(0).features().values())
                .containsEntry("title", new FeatureValue.Category("Mis\u00e9rables"))
                .containsEntry("genres", new FeatureValue.Bag(List.of("Action", "Comedy")))
                .containsEntry("year", new FeatureValue.Category("1995"))
                .containsEntry("decade", new FeatureValue.Category("1990s"));
        assertThat(films.get(1).features().values()).isEmpty();
        assertThat(EventsByKind.profiles(events)).singleElement().satisfies(profile -> {
            assertThat(profile.features().values())
                    .containsEntry("age", new FeatureValue.Quantity(24))
                    .containsEntry("age_group", new FeatureValue.Category("20s"))
                    .containsEntry("zip_area", new FeatureValue.Category("8"));
        });
    }

    @Test
    void folderWithoutRatingsIsAFault() {
        Assertions.assertThatThrownBy(() -> new MovieLens(folder, 0))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("u.data");
    }

    @Test
    void quotedTitlesOfTheSmallerSetGiveTitleGenresAndYear() throws IOException {
        Files.writeString(folder.resolve("ratings.csv"), "userId,movieId,rating,timestamp\r\n1,11,4.5,964982703\r\n");
        Files.writeString(
                folder.resolve("movies.csv"),
                """
                movieId,title,genres\r
                11,"American President, The (1995)",Comedy|Drama\r
                12,Babylon 5,(no genres listed)\r
                """);

        var films = EventsByKind.items(events(0));

        assertThat(films.get(0).features().values())
                .containsEntry("title", new FeatureValue.Category("American President, The"))
                .containsEntry("genres", new FeatureValue.Bag(List.of("Comedy", "Drama")))
                .containsEntry("year", new FeatureValue.Category("1995"));
        assertThat(films.get(1).features().values())
                .containsExactly(Map.entry("title", new FeatureValue.Category("Babylon 5")));
    }

    @Test
    void oneHundredKHasTheFactsThatAreKnownOfIt() {
        assertFacts("ml-100k", 100_000, 943, 1_682, 1_682, 943);
    }

    @Test
    void theSmallLatestSetHasTheFactsThatAreKnownOfIt() {
        assertFacts("ml-latest-small", 100_836, 610, 9_724, 9_742, 0);
    }

    private static void assertFacts(String name, int ratings, int users, int rated, int films, int profiles) {
        Path data = RealData.folder(name);
        BadRows bad = new BadRows(5);

        List<ReplayEvent> events = EventsByKind.all(new MovieLens(data, 0), bad);

        assertThat(bad.first()).isEmpty();
        List<Click> clicks = EventsByKind.clicks(events);
        assertThat(clicks).hasSize(ratings);
        assertThat(clicks.stream().map(Click::id).distinct()).hasSize(ratings);
        assertThat(clicks.stream().map(Click::user).distinct()).hasSize(users);
        assertThat(clicks.stream().map(Click::item).distinct()).hasSize(rated);
        assertThat(EventsByKind.items(events)).hasSize(films);
        assertThat(EventsByKind.profiles(events)).hasSize(profiles);
        assertThat(events).extracting(ReplayEvent::time).isSorted();
    }

    private List<ReplayEvent> events(double minRating) {
        return EventsByKind.all(new MovieLens(folder, minRating), row -> {
            throw new AssertionError(row);
        });
    }

    private void writeOneHundredK(String ratings) throws IOException {
        Files.writeString(folder.resolve("u.data"), ratings);
        Files.writeString(folder.resolve("u.genre"), "unknown|0\nAction|1\nComedy|2\n\n");
        Files.writeString(
                folder.resolve("u.item"),
                "1|Mis\u00e9rables (1995)|01-Jan-1995||http://x|0|1|1\n2|unknown||||1|0|0\n",
                StandardCharsets.ISO_8859_1);
        Files.writeString(folder.resolve("u.user"), "1|24|M|technician|85711\n");
    }
}
