package dev.millrace.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.app.MillraceSettings;
import dev.millrace.dataset.DataSets;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.UserProfile;
import dev.millrace.model.ModelSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappedLogTest {

    private static final Path SAMPLES = Path.of("src/example/logs");

    private static final SettingsReader NO_SETTINGS = new SettingsReader(Map.of());

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void theDocumentedExampleJoinsLogItemsAndUsers() {
        List<ReplayEvent> events = events(Path.of("config/mapping-example.properties"), DataFormat.CSV);

        List<Exposure> exposures = EventsByKind.exposures(events);
        assertThat(exposures).extracting(Exposure::user).containsExactly("ben", "anna", "anna", "ben");
        assertThat(exposures.get(0).time())
                .isEqualTo(Instant.parse("2026-03-01T08:59:00Z").toEpochMilli());
        assertThat(exposures.get(0).context().values())
                .containsEntry("slot", new FeatureValue.Quantity(0))
                .containsEntry("device", new FeatureValue.Category("desk"));
        List<Click> clicks = EventsByKind.clicks(events);
        assertThat(clicks).extracting(Click::action).containsExactly("click", "purchase", "click");
        assertThat(clicks.get(1).exposure()).contains(exposures.get(0).id());
        assertThat(clicks.get(1).time()).isEqualTo(exposures.get(0).time() + 1_000);
        List<CatalogueItem> items = EventsByKind.items(events);
        assertThat(items).extracting(CatalogueItem::item).containsExactly("s-1", "s-2", "s-3", "s-9");
        assertThat(items.get(0).features().values())
                .containsEntry("tags", new FeatureValue.Bag(List.of("red", "wool")))
                .containsEntry("picture-vector", new FeatureValue.Dense(List.of(0.5f, -1f, 0.25f)));
        assertThat(items.get(1).features().values())
                .containsOnly(java.util.Map.entry("brand", new FeatureValue.Category("South; East")));
        assertThat(EventsByKind.profiles(events)).extracting(UserProfile::user).containsExactly("anna", "ben");
    }

    @Test
    void jsonEventsAreToldApartByType() {
        List<ReplayEvent> events = events(SAMPLES.resolve("events-mapping.properties"), DataFormat.JSONL);

        assertThat(EventsByKind.exposures(events)).extracting(Exposure::id).containsExactly("e-1", "e-2");
        Click click = EventsByKind.clicks(events).get(0);
        assertThat(click.id()).isEqualTo("e-3");
        assertThat(click.exposure()).isEqualTo(Optional.of("e-2"));
        assertThat(click.action()).isEqualTo("buy");
        assertThat(click.weight()).isEqualTo(2.5);
        assertThat(click.time()).isEqualTo(1767225700000L);
        // an array keeps an element that holds the separator whole
        assertThat(EventsByKind.items(events).get(0).features().values())
                .containsEntry("tags", new FeatureValue.Bag(List.of("x", "y;z")));
        // the second row says nothing new of the user
        assertThat(EventsByKind.profiles(events)).hasSize(1);
    }

    @Test
    void clicksAloneAreALogWithoutExposures() throws IOException {
        write("log.csv", "user,item,time\nu,i,1650000000000\n");

        MappedLog log = mapped("clicks.files = log.csv");

        assertThat(log.hasExposures()).isFalse();
        assertThat(EventsByKind.clicks(all(log, new BadRows(1)))).hasSize(1);
    }

    @Test
    void anEndlessLineCostsItsOwnRowOnly() throws IOException {
        byte[] zeros = new byte[1 << 20];
        try (OutputStream file = new GZIPOutputStream(Files.newOutputStream(folder.resolve("log.csv")))) {
            file.write("user,item,time\r\n".getBytes(StandardCharsets.UTF_8));
            for (int megabytes = 0; megabytes < 64; megabytes++) {
                file.write(zeros);
            }
            file.write("\nu,i,1650000000000\n".getBytes(StandardCharsets.UTF_8));
        }
        BadRows bad = new BadRows(5);

        assertThat(EventsByKind.clicks(all(mapped("clicks.files = log.csv"), bad)))
                .hasSize(1);

        assertThat(bad.first()).singleElement().satisfies(row -> assertThat(row.toString())
                .contains("has more than 1048576 characters"));
    }

    @Test
    void aFileThatEndsTooEarlySaysWhereItDoes() throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        try (OutputStream file = new GZIPOutputStream(whole)) {
            file.write("user,item,time\n".getBytes(StandardCharsets.UTF_8));
            for (int user = 0; user < 50_000; user++) {
                file.write(("u" + user + ",i,1650000000000\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        Files.write(folder.resolve("log.csv"), Arrays.copyOf(whole.toByteArray(), whole.size() / 2));

        assertThatThrownBy(() -> all(mapped("clicks.files = log.csv"), new BadRows(100)))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageMatching(
                        "cannot read .*log.csv beyond line \\d+: java.io.EOFException: Unexpected end of ZLIB input"
                                + " stream");
    }

    @Test
    void aLogInThePlaceOfItsMappingIsNotReadWhole() throws IOException {
        Path log = folder.resolve("log.csv");
        Files.write(log, new byte[(1 << 20) + 1]);

        assertThatThrownBy(() -> new MappedLog(log, DataFormat.CSV))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("has more than 1048576 bytes; must be a mapping file");
    }

    @Test
    void quoteThatIsNeverClosedCostsItsOwnRowOnly() throws IOException {
        write(
                "log.csv",
                """
                user,item,time
                u,a,1650000000000
                "u,b,1650000000001
                u,c,1650000000002
                "w",d,1650000000003
                u,e,1650000000004
                "u,f,1650000000005
                u,g,1650000000006
                """);
        BadRows bad = new BadRows(5);

        List<Click> clicks = EventsByKind.clicks(all(mapped("clicks.files = log.csv"), bad));

        assertThat(clicks).extracting(Click::item).containsExactly("a", "c", "d", "e", "g");
        assertThat(bad.first()).extracting(BadRow::line).containsExactly(3L, 7L);
    }

    @Test
    void quotedCellMayHoldDelimitersQuotesAndLineEnds() throws IOException {
        write("log.csv", "user,item,time,note\nu,\"a,\"\"b\"\"\",1650000000000,\"two\nlines\"\nu,c,1650000000001,\n");

        List<Click> clicks = EventsByKind.clicks(
                all(mapped("clicks.files = log.csv\nclicks.context-feature.note = category"), new BadRows(1)));

        assertThat(clicks).extracting(Click::item).containsExactly("a,\"b\"", "c");
        assertThat(clicks.get(0).context().values()).containsEntry("note", new FeatureValue.Category("two\nlines"));
    }

    @Test
    void malformedJsonIsReportedWithItsLineAndTheRestIsRead() throws IOException {
        write(
                "log.jsonl",
                """
                {"user":"u","item":"a","time":1650000000000}
                {"user":"u","item":
                [1,2]
                {"user":"u","item":"b","time":"never"}
                {"user":"u","time":1650000000000}

                {"user":"u","item":"c","time":1650000000001} x
                {"user":"u","item":"d","time":1650000000002}
                """);
        write("m.properties", "clicks.files = log.jsonl\n");
        BadRows bad = new BadRows(10);

        List<Click> clicks =
                EventsByKind.clicks(all(new MappedLog(folder.resolve("m.properties"), DataFormat.JSONL), bad));

        assertThat(clicks).extracting(Click::item).containsExactly("a", "d");
        assertThat(bad.first()).extracting(BadRow::line).containsExactly(2L, 3L, 4L, 5L, 7L);
    }

    @Test
    void rowsOutOfOrderAreBadWhereTheMappingSaysSorted() throws IOException {
        write("log.csv", "user,item,time\nu,a,1650000000005\nu,b,1650000000001\nu,c,1650000000006\n");
        BadRows bad = new BadRows(5);

        List<Click> streamed = EventsByKind.clicks(all(mapped("sorted = true\nclicks.files = log.csv"), bad));
        List<Click> sorted = EventsByKind.clicks(all(mapped("clicks.files = log.csv"), new BadRows(1)));

        assertThat(streamed).extracting(Click::item).containsExactly("a", "c");
        assertThat(bad.first()).extracting(BadRow::line).containsExactly(3L);
        assertThat(sorted).extracting(Click::item).containsExactly("b", "a", "c");
    }

    @Test
    void datedItemsAppearBeforeTheyAreSeen() throws IOException {
        write("log.csv", "user,item,time\nu,a,1650000000000\nu,b,1650000001000\nu,c,1650000002000\n");
        write("items.csv", "item,time,kind\na,1640000000000,x\nb,1650000000500,x\nc,1650000009000,y\n");

        List<ReplayEvent> events = all(
                mapped("clicks.files = log.csv\nitems.files = items.csv\nitems.time = time\n"
                        + "items.feature.kind = category"),
                new BadRows(1));

        // a just before the first click, b at its own date, c when it is first clicked, with its features
        assertThat(EventsByKind.items(events))
                .extracting(CatalogueItem::item, CatalogueItem::time)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a", 1_649_999_999_999L),
                        org.assertj.core.groups.Tuple.tuple("b", 1_650_000_000_500L),
                        org.assertj.core.groups.Tuple.tuple("c", 1_650_000_002_000L));
        assertThat(EventsByKind.items(events).get(2).features().values())
                .containsEntry("kind", new FeatureValue.Category("y"));
    }

    @Test
    void otherTimeUnitsAreToldWithTheKey() throws IOException {
        write("log.csv", "user,item,ts\nu,a,1650000000\nu,b,2022-04-15 05:20:00\nu,c,77\nu,d,\nu,e,1650000000000\n");
        BadRows bad = new BadRows(10);

        List<Click> clicks = EventsByKind.clicks(all(mapped("clicks.files = log.csv\nclicks.time = ts"), bad));

        // 1650000000 s = 19097 days of 86,400 s and 19,200 s, which is 05:20; 19097 days after 1970-01-01 is 2022-04-15
        assertThat(clicks).extracting(Click::item).containsExactly("e");
        assertThat(bad.first())
                .extracting(BadRow::message)
                .satisfiesExactly(
                        seconds -> assertThat(seconds)
                                .contains("\"ts\" (clicks.time), time = 1650000000:")
                                .endsWith("by clicks.time.unit = s it is 2022-04-15T05:20:00Z"),
                        text -> assertThat(text).endsWith("by clicks.time.unit = iso-8601 it is 2022-04-15T05:20:00Z"),
                        number -> assertThat(number).contains("time = 77:").endsWith("by clicks.time.unit = ms"),
                        blank -> assertThat(blank).endsWith("must not be blank"));
    }

    @Test
    void badCellsAreToldWithColumnAndKey() throws IOException {
        write("log.csv", "uid,sku,time,w\n,a,1650000000000,1\nu,,1650000000000,1\nu,a,1650000000000,0\n");
        write("users.csv", "uid,age\n,7\n");
        write("items.csv", "sku,price\n,7\n");
        BadRows bad = new BadRows(10);

        all(
                mapped(
                        """
                        clicks.files = log.csv
                        clicks.user = uid
                        clicks.item = sku
                        clicks.weight = w
                        users.files = users.csv
                        users.key = uid
                        items.files = items.csv
                        items.key = sku
                        """),
                bad);

        assertThat(bad.first())
                .extracting(row -> row.toString().replaceAll(": must .*", ""))
                .containsExactly(
                        "items.csv:2: column \"sku\" (items.key), item = \"\"",
                        "users.csv:2: column \"uid\" (users.key), user = \"\"",
                        "log.csv:2: column \"uid\" (clicks.user), user = \"\"",
                        "log.csv:3: column \"sku\" (clicks.item), item = \"\"",
                        "log.csv:4: column \"w\" (clicks.weight), weight = 0.0");
    }

    /** Of a log.csv with the columns uid, item and time, a rows.jsonl, and a mapping whose lines have ; between them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "csv | clicks.files = log.csv | clicks.user = user | uid, item, time",
                "csv | clicks.files = [ | clicks.files = [ | no such file",
                "csv | clicks.files = rows.jsonl | clicks.files = rows.jsonl | --format jsonl",
                "jsonl | clicks.files = log.csv | clicks.files = log.csv | --format csv",
                "csv | clicks.files = log.csv;clicks.user = uid;clicks.window.length = 7d | clicks.window.length = 7d"
                        + " | clicks.window.file",
                "csv | clicks.files = log.csv;clicks.user = uid;clicks.window = item;clicks.window.file = true"
                        + " | clicks.window.file = true | must be false",
                "csv | log.files = log.csv, gone.csv;log.time.unit = hours;log.delimiter = ,,;log.charset ="
                        + " klingon;log.context-feature.item = colour;log.colour = red;log.click.action =;sorted = perhaps"
                        + " | log.files = gone.csv;log.time.unit = hours;log.delimiter = ,,;log.charset ="
                        + " klingon;log.context-feature.item = colour;log.colour = red;log.click.action = ;log.clicked ="
                        + " ;sorted = perhaps | ''"
            })
    void allFaultsOfAMappingAreToldWithTheirKeysAndValues(String format, String mapping, String faults, String rule)
            throws IOException {
        write("log.csv", "uid,item,time\na,b,1700000000000\n");
        write("rows.jsonl", "\n{\"user\":\"u\",\"item\":\"i\",\"time\":1700000000000}\n");
        write("m.properties", mapping.replace(';', '\n'));

        assertThatThrownBy(() -> new MappedLog(
                        folder.resolve("m.properties"), format.equals("csv") ? DataFormat.CSV : DataFormat.JSONL))
                .isInstanceOfSatisfying(InvalidSettingsException.class, thrown -> assertThat(thrown.faults())
                        .extracting(fault -> fault.path() + " = " + fault.value())
                        .contains(faults.split(";", -1)))
                .hasMessageContaining(rule);
    }

    @Test
    void featuresMissingInTheMappingAreFaults() throws IOException {
        write("log.csv", "user,item,time,tags,slot\n");
        DeclaredFeatures declared = mapped("clicks.files = log.csv\nclicks.item-feature.tags = bag |\n"
                        + "clicks.context-feature.slot = number")
                .declared()
                .orElseThrow();
        MillraceSettings settings = MillraceSettings.load(
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(
                        "features.user", "user, history, slot, hour, millrace.clicks",
                        "features.user.slot.source", "context",
                        "features.user.slot.kind", "vector",
                        "features.user.hour.source", "context",
                        "features.user.millrace.clicks.kind", "numeric",
                        "features.item", "item, tags, tgas, age",
                        "features.item.age.kind", "age"));
        ModelSettings model = settings.trainer().model();

        assertThat(declared.faults("user", model.user()))
                .extracting(SettingFault::toString)
                .containsExactly(
                        "features.user.slot.kind = vector: must suit number, as the mapping gives it",
                        "features.user = hour: must be a feature of source context that the mapping gives, which are"
                                + " slot");
        assertThat(declared.faults("item", model.item()))
                .extracting(SettingFault::toString)
                .containsExactly(
                        "features.item.tags.kind = categorical: must suit bag, as the mapping gives it",
                        "features.item = tgas: must be a feature of source item that the mapping gives, which are"
                                + " tags");
    }

    @Test
    void aColumnThatIsInNoRowIsTold() throws IOException {
        write("log.jsonl", "{\"user\":\"u\",\"item\":\"i\",\"time\":1,\"price\":3}\n{\"user\":\"v\"}\n");
        write(
                "typo.properties",
                """
                clicks.files = log.jsonl
                clicks.item-feature.price = number
                clicks.item-feature.brnad = category
                """);

        assertThat(new MappedLog(folder.resolve("typo.properties"), DataFormat.JSONL).emptyColumns())
                .containsExactly("clicks.item-feature.brnad: no row of the first 2 has a value in brnad");
    }

    @Test
    void aFeatureThatNobodyReadsIsTold() throws IOException {
        write("log.csv", "user,item,time,tags,price,slot\n");
        DeclaredFeatures declared = mapped(
                        """
                        clicks.files = log.csv
                        clicks.item-feature.tags = bag |
                        clicks.item-feature.price = number
                        clicks.context-feature.slot = number
                        clicks.user-feature.slot = number as shoe
                        """)
                .declared()
                .orElseThrow();
        ModelSettings model = MillraceSettings.load(
                        List.of(),
                        Map.of(),
                        Map.of(),
                        Map.of("features.user", "user, slot", "features.user.slot.source", "context"))
                .trainer()
                .model();

        assertThat(declared.unread(model.user(), List.of("price"))).containsExactly("user shoe", "item tags");
        assertThat(declared.unread(model.user(), List.of("tags"))).containsExactly("user shoe", "item price");
    }

    @Test
    void aTableInPlaceOfTheMappingIsOneFault() throws IOException {
        write("log.csv", "user_id,item_id,time\nann,book,1\nbob,pen,2\n");

        assertThatThrownBy(() -> new MappedLog(folder.resolve("log.csv"), DataFormat.CSV))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("looks like CSV, its first line is \"user_id,item_id,time\"");
    }

    @Test
    void aColumnNamesTheWindows() throws IOException {
        write(
                "log.csv",
                """
                user,item,time,week
                u,i,1650000000000,one
                u,j,1650000002000,two
                u,k,1650000001000,one
                u,l,1650000003000,
                """);
        BadRows bad = new BadRows(1);

        List<ReplayEvent> events = all(mapped("clicks.files = log.csv\nclicks.window = week"), bad);

        // each window is marked once, before what belongs to it; events are in time order
        assertThat(EventsByKind.told(events)).containsExactly("window one", "i", "k", "window two", "j");
        assertThat(bad.first()).singleElement().satisfies(row -> assertThat(row.toString())
                .isEqualTo("log.csv:5: column \"week\" (clicks.window), window = \"\": must not be blank"));
    }

    @Test
    void eachFileMayBeAWindow() throws IOException {
        write("day-1.csv", "user,item,time\nu,i,1650000000000\n");
        write("day-2.csv", "user,item,time\nu,j,1650000001000\nu,k,1650000002000\n");

        List<ReplayEvent> events = all(mapped("clicks.files = day-*.csv\nclicks.window.file = true"), new BadRows(1));

        assertThat(EventsByKind.told(events)).containsExactly("window day-1.csv", "i", "window day-2.csv", "j", "k");
    }

    @Test
    void rowsWithoutTimesAreSpreadOverTheirWindows() throws IOException {
        write("a.csv", "user,item,week\nu,i,7\nu,j,7\nu,k,8\n");
        write("b.csv", "user,item,week\nu,l,8\nu,m,8\nu,n,8\n");

        List<ReplayEvent> events = all(
                mapped("clicks.files = a.csv,b.csv\nclicks.window = week\nclicks.window.length = 4h"), new BadRows(1));

        // week 7 has two rows, week 8 four: one of the first file, three of the second
        Instant start = Instant.parse("2000-01-01T00:00:00Z");
        assertThat(EventsByKind.clicks(events))
                .extracting(click -> Duration.between(start, Instant.ofEpochMilli(click.time()))
                        .toHours())
                .containsExactly(0L, 2L, 4L, 5L, 6L, 7L);
        assertThat(EventsByKind.clicks(events)).extracting(Click::item).containsExactly("i", "j", "k", "l", "m", "n");
    }

    @Test
    void aWindowThatComesBackHasNoPlaceInALogWithoutTimes() throws IOException {
        write("log.csv", "user,item,week\nu,i,1\nu,j,2\nu,k,1\n");
        MappedLog log = mapped("clicks.files = log.csv\nclicks.window = week\nclicks.window.length = 7d");

        assertThatThrownBy(() -> all(log, new BadRows(1)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("clicks.window = 1: comes back in line 4 of log.csv, after window 2");
    }

    @Test
    void diginetica() {
        Path data = RealData.folder("diginetica");
        BadRows bad = new BadRows(1);

        List<ReplayEvent> events = all(DataSets.DIGINETICA.open(data, NO_SETTINGS), bad);

        assertThat(bad.count()).isZero();
        List<Click> clicks = EventsByKind.clicks(events);
        assertThat(clicks.size()).isEqualTo(993_483);
        assertThat(clicks.stream().map(Click::item).distinct().count()).isEqualTo(43_136);
        // 205,337 within periods; 548 of them go on in the next period
        assertThat(clicks.stream().map(Click::user).distinct().count()).isEqualTo(205_337 - 548);
        assertThat(EventsByKind.told(events).stream().filter(told -> told.startsWith("window ")))
                .containsExactlyElementsOf(IntStream.rangeClosed(0, 16)
                        .mapToObj(period -> "window " + period)
                        .toList());
    }

    private MappedLog mapped(String mapping) throws IOException {
        write("m.properties", mapping);
        return new MappedLog(folder.resolve("m.properties"), DataFormat.CSV);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static List<ReplayEvent> events(Path mapping, DataFormat format) {
        BadRows bad = new BadRows(5);
        List<ReplayEvent> events = all(new MappedLog(mapping, format), bad);
        assertThat(bad.first()).isEmpty();
        return events;
    }

    private static List<ReplayEvent> all(DataSet data, BadRows bad) {
        List<ReplayEvent> all = EventsByKind.all(data, bad);
        assertThat(all).extracting(ReplayEvent::time).isSorted();
        return all;
    }
}
