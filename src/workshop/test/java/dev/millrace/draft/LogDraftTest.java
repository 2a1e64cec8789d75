package dev.millrace.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.LogSample;
import dev.millrace.settings.InvalidSettingsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each log has 600 rows: of 20 users, row n is of user n % 20, and of 30 items, row n is of item n / 20 % 30. */
class LogDraftTest {

    private static final int ROWS = 600;

    private final List<LogSample.Column> columns = new ArrayList<>();

    @Test
    void namesSayWhichColumnsAreUserItemTimeAndClick() {
        ids("userId", "movie_id");
        column("is_click", row -> row % 7 == 0 ? row == 0 ? "yes" : "1" : "0"); // as several writers may
        column("is_liked", row -> row % 11 == 0 ? "1" : "0");
        times("ts");

        LogDraft draft = draft(Map.of());

        // 86 of 600 rows are divisible by 7
        assertThat(draft.choices())
                .containsEntry(
                        "user",
                        Choice.clear(
                                "userId",
                                "the name says user; 20 distinct values in 600 rows, 30.0 rows for each user"))
                .containsEntry("click", Choice.clear("is_click", "the name says click; 14.3 % of 600 rows have it"));
        assertThat(choice(draft, "item").what()).isEqualTo("movie_id");
        assertThat(mapping(draft))
                .contains(
                        "log.user = userId",
                        "log.item = movie_id",
                        "log.time = ts",
                        "log.time.unit = ms",
                        "log.clicked = is_click",
                        "log.flag.is_liked = liked");
        assertThat(draft.mapping("log.csv")).doesNotContain("UNSURE: ");
    }

    @ParameterizedTest
    @CsvSource({
        "1700000000, s",
        "1700000000123, ms",
        "1700000000123456, us",
        "1700000000.25, s",
        "2026-03-01T09:00:00Z, iso-8601",
        "2026-03-01 09:00:00, iso-8601"
    })
    void theUnitOfATimeIsToldByItsMagnitude(String time, String unit) {
        ids("user", "item");
        column("time", row -> time);

        assertThat(mapping(draft(Map.of()))).contains("clicks.time.unit = " + unit);
    }

    @Test
    void withoutNamesValuesMustDoAndThatIsUnsure() {
        ids("column1", "column2");
        column("column3", row -> String.valueOf(row % 5 + 1));
        times("column4");

        LogDraft draft = draft(Map.of());

        assertThat(mapping(draft)).contains("clicks.user = column1", "clicks.item = column2", "clicks.time = column4");
        assertThat(choice(draft, "user").doubt().orElseThrow())
                .contains("no column's name says user", "column2 (30 distinct values in 600 rows)", "--user COLUMN");
        assertThat(choice(draft, "click").doubt()).isPresent();
    }

    @Test
    void aColumnWhoseValuesMostlyComeOnceIsNamedAmongThoseThatItCouldBe() {
        ids("column1", "column2");
        times("column3");
        column("column4", row -> "v" + Math.max(0, row - 20)); // a visitor who comes once
        column("column5", row -> "r" + row); // a name of the row

        assertThat(choice(draft(Map.of()), "user").doubt()).hasValueSatisfying(doubt -> assertThat(doubt)
                .contains("column4 (580 distinct values in 600 rows)")
                .doesNotContain("column5"));
    }

    @Test
    void anOptionSettlesWhatIsUnsure() {
        ids("column1", "column2");
        times("column3");

        LogDraft draft = draft(Map.of(Role.USER, "column2", Role.ITEM, "column1"));

        assertThat(mapping(draft)).contains("clicks.user = column2", "clicks.item = column1");
        assertThat(choice(draft, "user").doubt()).isEmpty();
    }

    @Test
    void ofTwoTimesTheOneOfTheRowIsTakenAndTheOtherNamed() {
        ids("user", "item");
        times("click_time");
        times("shown_time");

        LogDraft draft = draft(Map.of());

        assertThat(choice(draft, "time").what()).isEqualTo("shown_time");
        assertThat(choice(draft, "time").doubt().orElseThrow()).contains("click_time", "--time COLUMN");
        assertThat(draft.leftOut()).extracting(Choice::what).containsExactly("click_time");
    }

    @Test
    void aLogWithoutTimesIsRefusedWithWhatWasWeighed() {
        column("order", String::valueOf);
        ids("session", "item");

        assertThatThrownBy(() -> draft(Map.of()))
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessageContainingAll(
                        "cannot tell the column of the time",
                        "order (600 distinct values in 600 rows), session (20 distinct values in 600 rows)",
                        "A table of items or users is no log");
    }

    @Test
    void ofALogOfYearsNothingExpiresBeforeItsEnd() {
        ids("user", "item");
        column("time", row -> String.valueOf(1_500_000_000_000L + row * 86_400_000L));

        // 599 days between the first and the last of 600 rows
        assertThat(draft(Map.of()).settings().lines())
                .contains("users.expire-after = 965d", "catalogue.expire-after = 965d", "table.expire-after = 965d");
    }

    @Test
    void ofALogThatGoesOnItIsNotKnownWhenItsLastRowIs() {
        ids("user", "item");
        column("time", row -> String.valueOf(1_500_000_000_000L + row * 86_400_000L));
        LogSample first = new LogSample(Path.of("log.csv"), DataFormat.CSV, new TreeMap<>(), columns, ROWS, 0, false);

        assertThat(LogDraft.of(first, Map.of()).settings().lines())
                .contains("users.expire-after = 0s", "catalogue.expire-after = 0s", "table.expire-after = 0s");
    }

    @Test
    void aLogOfAYearNeedsNoOtherExpiry() {
        ids("user", "item");
        column("time", row -> String.valueOf(1_500_000_000_000L + row * 52_560_000L)); // 364.4 days

        assertThat(draft(Map.of()).settings()).doesNotContain("expire-after");
    }

    @Test
    void aLogWithOneColumnOfIdsIsRefused() {
        column("user", row -> "u" + row % 20);
        times("time");

        assertThatThrownBy(() -> draft(Map.of()))
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessageStartingWith("cannot tell the column of the item: no column has a name that says item");
    }

    @Test
    void whatAnItemOrAUserAlwaysHasIsItsFeatureAndTheRestIsOfTheMoment() {
        ids("user", "item");
        times("time");
        column("brand", row -> "b" + item(row) % 4);
        column("country", row -> "c" + row % 20 % 3);
        column("slot", row -> String.valueOf(row % 7));

        LogDraft draft = draft(Map.of());

        assertThat(draft.features()).isEqualTo(Map.of("user", "country", "item", "brand", "context", "slot"));
        // items have 4 brands: 8, 8, 7 and 7 of 30, so two rows agree by chance in (64 + 64 + 49 + 49) / 900 = 25.1 %
        assertThat(draft.mapping("log.csv"))
                .contains(
                        "# feature of the item, brand: the same for one item in 100.0 % of 570 rows, by chance in 25.1 %;"
                                + " texts; 4 distinct values in 600 rows\nclicks.item-feature.brand = category\n");
        assertThat(draft.settings())
                .contains("features.user = user, history, country, slot\n", "features.user.slot.source = context\n")
                .contains("features.item = item, brand\n");
    }

    @Test
    void aColumnThatNearlyAlwaysHasOneValueIsNobodys() {
        ids("user", "item");
        times("time");
        column("flag", row -> row == 300 ? "odd" : "usual"); // the same for one item in all rows but two
        column("version", row -> "7");

        LogDraft draft = draft(Map.of());

        assertThat(draft.features()).isEqualTo(Map.of("user", "", "item", "", "context", "flag"));
        assertThat(draft.leftOut()).containsExactly(Choice.clear("version", "always the same value"));
    }

    @Test
    void theKindOfAFeatureIsToldByItsValues() {
        ids("user", "item");
        times("time");
        column("price", row -> item(row) + ".5");
        column("category_id", row -> String.valueOf(item(row) % 9));
        column("tags", row -> "t" + item(row) % 5 + "|t" + item(row) % 3);
        column("words", row -> LogSample.ARRAY + "w" + item(row) % 2 + LogSample.ARRAY + "x");
        column("picture", row -> "0.1 0.2 0.3 " + item(row));

        assertThat(mapping(draft(Map.of())))
                .contains(
                        "clicks.item-feature.price = number",
                        "clicks.item-feature.category_id = category",
                        "clicks.item-feature.tags = bag |",
                        "clicks.item-feature.words = bag ,",
                        "clicks.item-feature.picture = vector space");
        assertThat(draft(Map.of()).settings())
                .contains("features.item.picture.kind = vector\nfeatures.item.picture.dim = 4\n")
                .contains("features.item.price.kind = numeric\n");
    }

    @Test
    void whatIsKnownOnlyAfterTheClickIsLeftOut() {
        ids("user", "item");
        times("time");
        column("click", row -> row % 4 == 0 ? "1" : "0");
        column("play_ms", row -> String.valueOf(row % 4 == 0 ? 1_000 + row : row % 3));
        column("scroll", row -> String.valueOf(row * 7 % 61));

        LogDraft draft = draft(Map.of());

        assertThat(draft.leftOut()).singleElement().satisfies(column -> {
            assertThat(column.what()).isEqualTo("play_ms");
            assertThat(column.why()).contains("area under the ROC curve 1.00"); // every clicked row is above all others
        });
        assertThat(draft.features()).containsEntry("context", "scroll");
    }

    @Test
    void actionsOfAColumnMakeExposuresAndClicks() {
        ids("user", "item");
        times("time");
        column("event", row -> row % 3 == 0 ? "click" : row % 17 == 1 ? "purchase" : "impression");

        LogDraft draft = draft(Map.of());

        assertThat(mapping(draft))
                .contains(
                        "exposures.where.event = impression",
                        "clicks.where.event = click,purchase",
                        "clicks.action = event");
        assertThat(draft.settings())
                .contains("attribution.actions = click, purchase\n")
                .doesNotContain("clicks-only");
    }

    @Test
    void actionsWithoutExposuresAreClicksOnly() {
        ids("visitorid", "itemid");
        times("timestamp");
        column("event", row -> row % 9 == 0 ? "addtocart" : "view");

        LogDraft draft = draft(Map.of());

        assertThat(mapping(draft)).contains("clicks.user = visitorid", "clicks.action = event");
        assertThat(draft.settings())
                .contains("attribution.mode = clicks-only\n", "attribution.actions = addtocart, view\n");
        assertThat(choice(draft, "click").doubt()).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "0", "false"})
    void aRowWithoutAnActionIsAnExposureThatWasNotAnswered(String none) {
        ids("user", "item");
        times("time");
        column("action", row -> row % 50 == 0 ? "purchase" : row % 5 == 0 ? "click" : none);
        column("play_ms", row -> String.valueOf(row % 5 == 0 ? 1_000 + row : row % 3));

        LogDraft draft = draft(Map.of());

        assertThat(mapping(draft))
                .contains("log.user = user", "log.action = action")
                .noneMatch(line -> line.startsWith("clicks."));
        assertThat(draft.settings())
                .contains("attribution.actions = click, purchase\n")
                .doesNotContain("clicks-only");
        assertThat(choice(draft, "click").why()).endsWith("480 of 600 rows have none"); // four of five
        assertThat(choice(draft, "click").doubt().orElseThrow()).contains("use the section clicks");
        assertThat(draft.leftOut()).extracting(Choice::what).containsExactly("play_ms"); // known after the click
    }

    @Test
    void besideExposuresARowWithoutAnActionIsNone() {
        ids("user", "item");
        times("time");
        column("event", row -> row % 3 == 0 ? "click" : row % 3 == 1 ? "none" : "impression");

        LogDraft draft = draft(Map.of());

        assertThat(mapping(draft)).contains("exposures.where.event = impression", "clicks.where.event = click");
        assertThat(draft.settings()).contains("attribution.actions = click\n");
    }

    @Test
    void columnsOfTheSameNameAreRefused() {
        ids("user", "item");
        times("time");
        column("price", row -> "1");
        column("price", row -> "2");

        assertThatThrownBy(() -> draft(Map.of()))
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessage("cannot tell the columns apart: the header names \"price\" more than once;"
                        + " give each column a name of its own");
    }

    @Test
    void aColumnThatMayNameTheEventIsLeftOutWithADoubt() {
        ids("user", "item");
        times("time");
        column("request", row -> "r" + row);

        LogDraft draft = draft(Map.of());

        assertThat(draft.leftOut())
                .singleElement()
                .satisfies(column -> assertThat(column.doubt()).get().asString().contains("give it as .id"));
        assertThat(mapping(draft)).anySatisfy(line -> assertThat(line)
                .contains("request: another value in each row; if it names the event"));
    }

    @Test
    void severalColumnsMayHaveNoName() {
        ids("user", "item");
        times("time");
        column("", row -> "");
        column("", row -> "");

        assertThat(draft(Map.of()).leftOut())
                .containsExactly(Choice.clear("", "has no value"), Choice.clear("", "has no value"));
    }

    @Test
    void aNameOfTheLogCannotEndAComment() {
        ids("user", "item");
        times("time");
        column("slot\nclicks.user = other", row -> String.valueOf(row % 7));

        assertThat(mapping(draft(Map.of())))
                .contains(
                        "clicks.context-feature.slot\\u000aclicks.user\\ \\=\\ other = category as slot_clicks_user_other")
                .filteredOn(line -> line.startsWith("clicks.user "))
                .containsExactly("clicks.user = user");
    }

    @Test
    void everyOptionThatCannotBeIsAFaultOfItsOwn() {
        ids("user", "item");
        times("time");

        assertThatThrownBy(() -> draft(Map.of(Role.USER, "uid", Role.TIME, "item", Role.CLICK, "user")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContainingAll(
                        "--user = uid: must be a column of the log, which has user, item, time",
                        "--time = item: must hold times from 1990 to 2100",
                        "--click = user: must hold values for yes and for no, such as 1 and 0");
    }

    private static Choice choice(LogDraft draft, String role) {
        return Objects.requireNonNull(draft.choices().get(role));
    }

    private static int item(int row) {
        return row / 20 % 30;
    }

    private void ids(String user, String item) {
        column(user, row -> "u" + row % 20);
        column(item, row -> "i" + item(row));
    }

    private void times(String name) {
        column(name, row -> String.valueOf(1_700_000_000_000L + row * 1_000L));
    }

    private void column(String name, IntFunction<String> cell) {
        columns.add(new LogSample.Column(
                name, IntStream.range(0, ROWS).mapToObj(cell).toList()));
    }

    private LogDraft draft(Map<Role, String> given) {
        return LogDraft.of(
                new LogSample(Path.of("log.csv"), DataFormat.CSV, new TreeMap<>(), columns, ROWS, 0, true), given);
    }

    private static List<String> mapping(LogDraft draft) {
        return draft.mapping("log.csv").lines().toList();
    }
}
