package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The page of a demo, over HTTP and in a real browser. Its screenshots go to the folder that {@code page.screenshots} names. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class PageIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path SCREENSHOTS = Path.of(System.getProperty("page.screenshots", "target/screenshots"));
    private static final int HEIGHT = 1_000;
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final int SAMPLES = 15; // of the charts, for a screenshot

    /** Sections of which there is a screenshot, by width of the window. */
    private static final Map<Integer, List<String>> PICTURED = Map.of(
            390,
            List.of("now", "try"),
            900,
            List.of("now", "map", "books", "generations"),
            1_600,
            List.of("now", "charts", "try", "way"));

    private static final String HOSTILE = "<img src=x onerror=\"document.title='taken over'\">";

    private static final String MAP_ITEM = "document.getElementById('map-item').textContent";

    /** Whether the arrows have rates: all but three can be known. */
    private static final String RATES =
            "[...document.querySelectorAll('.rate tspan')].filter(one =>" + " one.textContent === '').length === 3";

    private static final String ANSWERING =
            "/^answering with generation/.test(document.getElementById('status-text').textContent)";

    /** Until a hundred users of equal weight have come to each arm, at 60 events a second. */
    private static final Duration UNTIL_ARMS_COUNT = Duration.ofMinutes(6);

    private final ObjectMapper mapper = new ObjectMapper();
    private final Path directory;
    private Optional<MillraceProcess> demo = Optional.empty();
    private String url = "";
    private int processes;

    PageIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeAll
    void startDemo() throws Exception {
        MillraceProcess started = MillraceProcess.start(
                directory,
                "demo",
                GeneratedShop.demo("--speed", "60/s", "--set", "batch.size=16", "--set", "shop.users=500"));
        demo = Optional.of(started);
        url = started.awaitOutput("page +(\\S+)");
        await("answers").atMost(PATIENCE).until(() -> page().status("/v1/recall?user=u1&k=10") == 200);
    }

    @AfterAll
    void stop() throws Exception {
        if (demo.isPresent()) {
            demo.get().close();
        }
    }

    @Test
    void filesHaveTheirTypesAndAreNotSentAgainToWhoHasThem() throws Exception {
        Map<String, String> types = Map.of(
                "/", "text/html;charset=utf-8",
                "/page/main.js", "text/javascript;charset=utf-8",
                "/page/uPlot.esm.js", "text/javascript;charset=utf-8",
                "/page/page.css", "text/css;charset=utf-8",
                "/page/icon.svg", "image/svg+xml");
        for (Map.Entry<String, String> file : types.entrySet()) {
            HttpResponse<String> first = page().get(file.getKey());
            String tag = first.headers().firstValue("ETag").orElseThrow();
            HttpResponse<String> again =
                    page().send(page().request(file.getKey()).header("If-None-Match", tag));

            assertThat(first.statusCode()).as(file.getKey()).isEqualTo(200);
            assertThat(first.headers().firstValue("Content-Type").orElse("").replace(" ", ""))
                    .isEqualToIgnoringCase(file.getValue());
            assertThat(first.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(again.statusCode()).as(file.getKey()).isEqualTo(304);
            assertThat(again.body()).isEmpty();
        }
        assertThat(page().status("/page/nothing.js")).isEqualTo(404);
        assertThat(page().status("/page/..%2Flogback.xml")).isGreaterThanOrEqualTo(400);
    }

    @Test
    void clickIsTakenOnlyAsJson() throws Exception {
        HttpResponse<String> form = page().send(page().request("/v1/clicks")
                .POST(HttpRequest.BodyPublishers.ofString("{\"user\": \"u1\", \"item\": \"i1\"}")));

        assertThat(form.statusCode()).isEqualTo(415);
        assertThat(click("{\"user\": \"u1\"}").statusCode()).isEqualTo(400);
    }

    @Test
    void clickStandsInTheHistoryOfItsUser() throws Exception {
        String item =
                page().fetch("/v1/recall?user=visitor&k=1").at("/items/0/item").asText();

        HttpResponse<String> taken = click(mapper.writeValueAsString(Map.of("user", "visitor", "item", item)));

        assertThat(taken.statusCode()).isEqualTo(202);
        await().atMost(PATIENCE)
                .until(() -> !page().fetch("/v1/users/visitor").path("history").isEmpty());
        JsonNode visitor = page().fetch("/v1/users/visitor");
        assertThat(visitor.at("/history/0/item").asText()).isEqualTo(item);
        assertThat(visitor.at("/history/0/attributes/category").asText()).startsWith("category-");
        assertThat(visitor.path("known").asBoolean()).isTrue();
        assertThat(page().fetch("/v1/users/nobody").path("known").asBoolean()).isFalse();
    }

    /** One look at the page, which it opens itself. */
    private interface Look {
        void at(Chromium browser) throws Exception;
    }

    /** Looks at the page several times, in one browser, which must not complain of any. */
    private void walk(Look... looks) throws Exception {
        try (Chromium browser = browser()) {
            for (Look look : looks) {
                look.at(browser);
                assertThat(browser.complaints()).isEmpty();
                browser.open("about:blank", 900, HEIGHT, false);
                browser.complaints().clear(); // of the page that was left
            }
        }
    }

    @Test
    void visitorsSteerTheirAnswers() throws Exception {
        walk(
                this::aClickByKeyboardChangesTheAnswer,
                this::whatIsNotWantedLeavesTheAnswerAndComesBack,
                this::slidersAndFiltersChangeTheQuestionAndTheAnswer,
                this::textsOfTopicsAreShownAsTexts);
    }

    @Test
    void theMapTellsItsItems() throws Exception {
        walk(this::itemsOfTheMapAreReachedByKeyboard, this::aNewItemIsNamedAtTheMap);
    }

    @Test
    void whatIsShownIsExplainedAndFits() throws Exception {
        walk(
                this::tableStandsBehindEachChart,
                this::thePageSaysWhatWasVerifiedAndWhen,
                this::everyNumberAndEveryColumnIsExplained,
                this::deadLettersAreShownByKeyboardAsTextsAndCut,
                this::fitsSmallAndWideWindowsInLightAndInDark);
    }

    private void aClickByKeyboardChangesTheAnswer(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.awaitTrue("document.querySelectorAll('#answers button').length > 0");
        browser.evaluate("document.getElementById('user').focus()");
        browser.evaluate("document.getElementById('user').value = 'keyboard'");
        browser.press("Enter", "\r", 13);
        browser.awaitTrue("document.getElementById('history').textContent.includes('cold start')");

        for (int tabs = 0; tabs < 40 && !isOnAnswer(browser); tabs++) {
            browser.press("Tab", "", 9);
        }
        String clicked =
                browser.evaluate("document.activeElement.dataset.item ?? ''").asText();
        browser.press("Enter", "\r", 13);

        browser.awaitTrue("/another answer after .* learnt up to it"
                + " after/.test(document.getElementById('took').textContent)");
        assertThat(clicked).startsWith("i");
        assertThat(browser.evaluate("document.querySelector('#history b').textContent")
                        .asText())
                .isEqualTo(clicked);
        assertThat(browser.evaluate("[...document.querySelectorAll('#answers button')].map(one => one.dataset.item)")
                        .toString())
                .doesNotContain("\"" + clicked + "\"");
        assertThat(isOnAnswer(browser)).isTrue();
    }

    private void whatIsNotWantedLeavesTheAnswerAndComesBack(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.awaitTrue("document.querySelectorAll('#answers [aria-label^=Hide]').length > 0");
        browser.evaluate("document.querySelector('#answers [aria-label^=Hide]').focus()");
        String unwanted =
                browser.evaluate("document.activeElement.dataset.item").asText();
        String answered = "[...document.querySelectorAll('#answers button')].map(one => one.dataset.item)";

        browser.press("Enter", "\r", 13);

        String said = "document.getElementById('took').textContent";
        browser.awaitTrue(said + ".includes('does not want " + unwanted + ": gone from the answer after')");
        browser.awaitTrue("!" + answered + ".includes('" + unwanted + "')");
        browser.awaitTrue("document.getElementById('hides').textContent.includes('" + unwanted + "')");

        browser.evaluate("document.querySelector('#hides button').click()");

        browser.awaitTrue(said + ".includes('may have " + unwanted + " again')");
        browser.awaitTrue("document.getElementById('unwanted').hidden");
    }

    private void slidersAndFiltersChangeTheQuestionAndTheAnswer(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.awaitTrue("document.querySelectorAll('#answers button').length > 0");
        browser.awaitTrue("document.querySelectorAll('#f-category option').length > 2");
        String reasons = "[...document.querySelectorAll('#answers td:nth-child(4)')].map(one => one.textContent)";
        change(browser, "w-popularity", "1", "input"); // the learned one may be 0
        browser.awaitTrue(reasons + ".some(text => text.includes('popularity'))");

        change(browser, "w-popularity", "0", "input");

        browser.awaitTrue("document.getElementById('command').textContent.includes('w.popularity=0')");
        browser.awaitTrue(reasons + ".length > 0 && " + reasons + ".every(text => !text.includes('popularity'))");

        String category = browser.evaluate("document.querySelectorAll('#f-category option')[1].value")
                .asText();
        change(browser, "f-category", category, "change");

        browser.awaitTrue(
                "document.getElementById('command').textContent.includes('filter.category=" + category + "')");
        browser.awaitTrue("(rows => rows.length > 0 && rows.every(row => row.textContent.includes('" + category
                + "')))([...document.querySelectorAll('#answers th')])");
    }

    private static void change(Chromium browser, String id, String value, String event) throws Exception {
        browser.evaluate("(input => { input.value = '" + value + "'; input.dispatchEvent(new Event('" + event
                + "')); })(document.getElementById('" + id + "'))");
    }

    private void textsOfTopicsAreShownAsTexts(Chromium browser) throws Exception {
        click(mapper.writeValueAsString(Map.of("user", HOSTILE, "item", HOSTILE)));
        await().atMost(PATIENCE).until(() -> page().status("/v1/items/" + encoded(HOSTILE)) == 200);

        browser.open(url, 1_600, HEIGHT, false);
        browser.awaitTrue("document.querySelectorAll('#answers button').length > 0");
        browser.evaluate("document.getElementById('user').value = " + mapper.writeValueAsString(HOSTILE));
        browser.evaluate("document.getElementById('question').requestSubmit()");

        browser.awaitTrue(
                "document.querySelector('#history b')?.textContent === " + mapper.writeValueAsString(HOSTILE));
        shows(browser, "document.querySelectorAll('main img').length === 0");
        shows(browser, "document.title === 'Millrace'");
    }

    private void tableStandsBehindEachChart(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })");
        browser.awaitTrue("document.querySelectorAll('#answers button').length > 0");
        browser.evaluate("document.getElementById('map').scrollIntoView()");

        browser.awaitTrue("document.querySelectorAll('#map-table tbody tr').length > 1");
        browser.awaitTrue("document.querySelectorAll('#way-table tbody tr').length > 5");
        browser.awaitTrue("[...document.querySelectorAll('figure details table')].every(one =>"
                + " one.querySelectorAll('td.number').length > 0)");
        assertThat(browser.evaluate("document.querySelectorAll('figure details table').length")
                        .asInt())
                .isEqualTo(browser.evaluate("document.querySelectorAll('.uplot').length")
                        .asInt());
    }

    private void thePageSaysWhatWasVerifiedAndWhen(Chromium browser) throws Exception {
        browser.open(url, 900, HEIGHT, false);
        browser.awaitTrue(ANSWERING);
        browser.awaitTrue(figure("model verified") + " === 'never'");

        assertThat(run("verify", "--counts", "--record")).contains("the books agree with the topics");

        browser.awaitTrue("/^agrees, .* ago$/.test(" + figure("books verified") + ")");
        shows(browser, figure("model verified") + " === 'never'");
        assertThat(run("actions")).containsPattern("agrees +verify-counts +millrace .*the books agree");
    }

    /** A text with a digit is explained if it, what it is in, or its column has a sentence. Sentences need none, and neither do names. */
    private void everyNumberAndEveryColumnIsExplained(Chromium browser) throws Exception {
        send("clicks", "u1", "{\"click_id\": \"no-time\"}");
        await("a dead letter")
                .atMost(PATIENCE)
                .until(() -> page().text("/v1/dead-letters"), body -> body.contains("no-time"));
        browser.open(url, 1_600, HEIGHT, false);
        browser.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })");
        browser.evaluate("document.getElementById('map').scrollIntoView()");
        browser.awaitTrue("document.querySelectorAll('#answers button').length > 0");
        browser.awaitTrue("document.querySelectorAll('#map-table tbody tr').length > 1");
        browser.awaitTrue("document.querySelectorAll('#letters-table td.number').length > 0");
        browser.awaitTrue("document.querySelectorAll('#letters-list .letter').length > 0");
        browser.awaitTrue("document.querySelectorAll('#alarms-table td.number').length > 5");
        browser.awaitTrue("document.querySelectorAll('#generations-table td.number').length > 4");
        browser.awaitTrue("[...document.querySelectorAll('.rate tspan')].filter(one => one.textContent).length > 15");

        assertThat(browser.evaluate("[...document.querySelectorAll('main th[scope=col]')]"
                                + ".filter(column => column.title === '').map(column => column.textContent)")
                        .toString())
                .isEqualTo("[]");
        assertThat(browser.evaluate("(() => {"
                                + " const sentences = 'p, code, label, summary, figcaption, .meaning, option, #history, .chip,"
                                + " #answers th, #generations-table tbody th, button, h4, noscript';"
                                + " const told = element => element.closest('[title]:not([title=\"\"])') !== null"
                                + "   || element.closest('text, path')?.querySelector('title') != null"
                                + "   || element.closest(sentences) !== null;"
                                + " const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
                                + " const left = [];"
                                + " while (texts.nextNode()) {"
                                + "   const text = texts.currentNode;"
                                + "   if (/\\d/.test(text.data) && !told(text.parentElement)) left.push(text.data);"
                                + " }"
                                + " return left;"
                                + "})()")
                        .toString())
                .isEqualTo("[]");
        for (String table : List.of("books", "letters", "alarms")) {
            shows(
                    browser,
                    "[...document.querySelectorAll('#" + table + "-table tbody th')]"
                            + ".every(row => row.title.endsWith('.') && !row.title.includes('does not know'))");
        }
        shows(
                browser,
                "[...document.querySelectorAll('#books-table .part')]"
                        + ".every(outcome => outcome.title.endsWith('.'))");
    }

    private void deadLettersAreShownByKeyboardAsTextsAndCut(Chromium browser) throws Exception {
        String hostile = "{\"click_id\": \"" + HOSTILE.replace("\"", "\\\"") + "\"}";
        send("clicks", "u1", hostile);
        send("clicks", "u1", "{\"text\": \"" + "a".repeat(3_000) + "\"}");
        await("both are counted")
                .atMost(PATIENCE)
                .until(
                        () -> page().text("/v1/dead-letters"),
                        body -> body.contains("onerror") && body.contains("aaa…"));
        browser.open(url, 900, HEIGHT, false);
        browser.awaitTrue("document.querySelectorAll('#letters-table td.number').length > 0");
        browser.evaluate("document.querySelector('#letters summary').focus()");

        browser.press("Enter", "\r", 13);

        browser.awaitTrue("document.querySelectorAll('#letters-list .letter').length > 1");
        String shown = browser.evaluate("document.getElementById('letters-list').textContent")
                .asText();
        assertThat(shown)
                .startsWith("undecodable")
                .contains(hostile)
                .contains("a".repeat(1_900))
                .contains("…")
                .doesNotContain("a".repeat(2_000))
                .containsPattern("offset \\d+ of clicks-\\d");
        assertThat(browser.evaluate("document.getElementById('letters-text').textContent")
                        .asText())
                .startsWith("The latest three of each reason among all ");
        shows(browser, "document.querySelectorAll('main img').length === 0");
        browser.evaluate("document.getElementById('letters').scrollIntoView()");
        picture(browser, "page-900-letters");
        assertThat(browser.complaints()).isEmpty();

        browser.evaluate("globalThis.fetch = async () => new Response('{\"detail\": \"the cluster does not allow"
                + " READ on topic <dead-letters>\"}', { status: 500 })");
        browser.press("Tab", "", 9); // to the button behind the summary
        browser.press("Enter", "\r", 13);

        browser.awaitTrue("document.querySelector('#letters-text.bad')?.textContent"
                + " === 'the cluster does not allow READ on topic <dead-letters>'");
        browser.complaints().clear(); // of the answer that was refused
    }

    private void itemsOfTheMapAreReachedByKeyboard(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.evaluate("document.getElementById('map').scrollIntoView()");
        browser.awaitTrue("document.querySelectorAll('#map-table tbody tr').length > 1");
        browser.evaluate("document.getElementById('colour').focus()");
        browser.evaluate("globalThis.fetch = () => new Promise(() => {})"); // the map stays as it is

        browser.press("Tab", "", 9);

        browser.awaitTrue("document.activeElement.id === 'plane'");
        browser.awaitTrue(MAP_ITEM + " !== ''");
        browser.press("Home", "", 36); // to the middle, also if an answer came meanwhile
        String middle = browser.evaluate(MAP_ITEM).asText();
        Set<String> named = new HashSet<>();
        for (int at = 0; at < GeneratedShop.ITEMS; at++) { // from item to item to the right end, where the key stays
            browser.press("ArrowRight", "", 39);
            named.add(browser.evaluate(MAP_ITEM).asText());
        }
        String rightmost = browser.evaluate(MAP_ITEM).asText();
        browser.press("ArrowRight", "", 39);
        assertThat(browser.evaluate(MAP_ITEM).asText()).isEqualTo(rightmost);
        assertThat(named).hasSizeGreaterThan(2).anySatisfy(item -> assertThat(item)
                .containsPattern("^i\\d+ .*category-"));
        shows(browser, "document.getElementById('map-item').getAttribute('role') === 'status'");
        browser.press("Home", "", 36);
        assertThat(browser.evaluate(MAP_ITEM).asText()).isEqualTo(middle);
        browser.press("Escape", "", 27);
        shows(browser, MAP_ITEM + " === ''");
    }

    private void aNewItemIsNamedAtTheMap(Chromium browser) throws Exception {
        browser.open(url, 1_600, HEIGHT, false);
        browser.evaluate("document.getElementById('map').scrollIntoView()");
        browser.awaitTrue("document.querySelectorAll('#map-table tbody tr').length > 1");
        click(mapper.writeValueAsString(Map.of("user", "u1", "item", "blinking")));
        browser.awaitTrue("/^new: (.*, )?blinking(,|$)/.test(" + MAP_ITEM + ")"); // the shop has new ones too
    }

    /** What stands beside a figure's name. */
    private static String figure(String name) {
        return "[...document.querySelectorAll('#now .card dl:not(.meaning) div')].find(one => one.querySelector('dt').textContent === '"
                + name + "').querySelector('dd').textContent";
    }

    private void fitsSmallAndWideWindowsInLightAndInDark(Chromium browser) throws Exception {
        await().atMost(PATIENCE)
                .until(() -> page().fetch("/v1/series").path("at").size() > SAMPLES);
        browser.open(url, 1_600, HEIGHT, false);
        browser.awaitTrue(RATES);
        for (Map.Entry<Integer, List<String>> pictured : PICTURED.entrySet()) {
            int width = pictured.getKey();
            for (boolean isDark : List.of(false, true)) {
                String name = "page-" + width + (isDark ? "-dark" : "-light");
                browser.resize(width, HEIGHT, isDark);
                browser.awaitTrue(
                        "innerWidth === " + width + " && document.querySelectorAll('#answers tr').length > 1");

                assertThat(browser.evaluate("document.documentElement.scrollWidth")
                                .asInt())
                        .as(name)
                        .isLessThanOrEqualTo(width);
                for (String section : pictured.getValue()) {
                    browser.evaluate("document.getElementById('" + section + "').scrollIntoView()");
                    browser.awaitTrue("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>"
                            + " done(true))))");
                    picture(browser, name + (section.equals("now") ? "" : "-" + section));
                }
            }
        }
    }

    @Test
    void aServerWithTokensHasThePageAskForOne() throws Exception {
        try (MillraceProcess server = serveWithTokens("with-tokens", "read sha256:" + Sha256.hex("a-token"));
                Chromium browser = browser()) {
            browser.open(server.awaitOutput("recall API (\\S+)"), 900, HEIGHT, false);
            browser.awaitTrue("document.getElementById('sign-in').open");
            browser.type("of-nobody");
            browser.press("Enter", "\r", 13);
            browser.awaitTrue("document.getElementById('sign-in-fault').textContent === 'this token is not known'");
            picture(browser, "page-900-sign-in");

            browser.evaluate("document.getElementById('token').value = ''");
            browser.type("a-token");
            browser.press("Enter", "\r", 13);

            browser.awaitTrue("!document.getElementById('sign-in').open");
            browser.awaitTrue(ANSWERING);
            shows(browser, "document.cookie === ''"); // scripts cannot read it
            browser.open(server.awaitOutput("recall API (\\S+)"), 900, HEIGHT, false);
            browser.awaitTrue(ANSWERING);
        }
    }

    @Test
    void onlyAnAdminHasTheButtons() throws Exception {
        try (MillraceProcess server = serveWithTokens(
                        "with-an-admin",
                        "read sha256:" + Sha256.hex("of-a-reader"),
                        "admin sha256:" + Sha256.hex("of-an-admin") + " ann");
                MillraceProcess shadow = anotherGeneration()) {
            String at = server.awaitOutput("recall API (\\S+)");
            await("two generations").atMost(PATIENCE).until(() -> complete(at).size() == 2 || !shadow.isAlive());
            String first = ready(at).path("generation").asText();
            String second = complete(at).stream()
                    .filter(name -> !name.equals(first))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(shadow.output()));
            try (Chromium reader = browser()) {
                signIn(reader, at, "of-a-reader");
                reader.awaitTrue("document.getElementById('orders').textContent.includes('bin/millrace model promote "
                        + second + " --bootstrap-server " + broker() + "')");

                assertThat(reader.evaluate("document.querySelectorAll('#orders .choices button').length")
                                .asInt())
                        .isZero();
            }
            try (Chromium browser = browser()) {
                signIn(browser, at, "of-an-admin");
                browser.awaitTrue("document.querySelectorAll('#orders .choices button').length === 1");
                figuresOfAGenerationChangeBesideItsButton(browser, second);
                browser.evaluate("document.getElementById('generations').scrollIntoView()");
                String asked = openOrder(browser);
                picture(browser, "page-900-order");
                browser.press("Escape", "", 27);
                browser.awaitTrue("!document.getElementById('order').open");
                String untouched = ready(at).path("promoted").asText();
                browser.press("Enter", "\r", 13); // the focus is back on its button
                browser.awaitTrue("document.getElementById('order').open");
                confirm(browser);

                assertThat(asked).contains(second + " is to answer on all servers, in place of " + first);
                assertThat(untouched).isEqualTo(first);
                browser.awaitTrue("document.getElementById('order-result').textContent === '" + second
                        + " is to answer, in place of " + first + ".'");
                browser.awaitTrue("document.activeElement.id === 'order-result'");
                browser.awaitTrue("[...document.querySelectorAll('#generations-table tr')].some(row =>"
                        + " row.textContent.startsWith('" + second + "answers'))");
                browser.awaitTrue(
                        "document.querySelector('#orders .choices').textContent === 'Roll back to " + first + "'");
                picture(browser, "page-900-generations");

                assertThat(openOrder(browser))
                        .contains(first + " is to answer again on all servers, in place of " + second);
                confirm(browser);

                browser.awaitTrue("document.getElementById('order-result').textContent.startsWith('" + first + " is')");
                await().atMost(PATIENCE)
                        .until(() -> ready(at).path("generation").asText().equals(first));
                assertThat(browser.complaints()).isEmpty();

                browser.awaitTrue(
                        "document.querySelector('#orders .choices').textContent === 'Roll back to " + second + "'");
                browser.evaluate("globalThis.fetch = async () => new Response('{\"detail\": \"it is <refused>\"}',"
                        + " { status: 409 })");
                openOrder(browser);
                confirm(browser);
                browser.awaitTrue("document.querySelector('#order-result.bad')?.textContent === 'it is <refused>'");
                browser.complaints().clear();

                bandsOfAnExperimentAppearAndMove(browser, at, first, second);
            }
        }
        assertThat(run("actions"))
                .containsPattern("accepted +promote .* ann +HTTP +127.0.0.1")
                .containsPattern("accepted +roll-back");
    }

    /** The shop's visitors click in both arms alike; who asks for answers is this. */
    private void bandsOfAnExperimentAppearAndMove(Chromium browser, String at, String control, String treatment)
            throws Exception {
        String band = "document.querySelector('#experiment-grid figure details table tbody td.number')?.textContent";
        run("experiment", "start", "seen", "--arms", control + "=50," + treatment + "=50", "--guard", "p99=60000");
        browser.open(at, 900, HEIGHT, false);
        browser.awaitTrue("/^seen runs: stage 1 of 1/.test(document.getElementById('experiment-lead').textContent)");
        browser.evaluate("document.querySelectorAll('#experiment details').forEach(one => { one.open = true; })");
        browser.awaitTrue("document.querySelectorAll('#experiment-table tbody tr').length === 2");

        String guard = "/\\d ms/.test(document.querySelector('#guard-table tbody tr:nth-child(3) td:nth-child(3)')"
                + "?.textContent)";
        await(guard).atMost(PATIENCE).until(() -> {
            askForAnswers(at, 1_000); // guards begin to speak at a thousand of each arm, three of a user
            return browser.evaluate(guard).asBoolean();
        });
        await(band).atMost(UNTIL_ARMS_COUNT).until(() -> browser.evaluate("/\\d/.test(" + band + ")")
                .asBoolean());
        String before = browser.evaluate(band).asText();
        browser.awaitTrue(band + " !== " + mapper.writeValueAsString(before));
        browser.evaluate("document.getElementById('experiment').scrollIntoView()");
        picture(browser, "page-900-experiment");
        assertThat(browser.complaints()).isEmpty();

        run("experiment", "stop", "seen");
        browser.awaitTrue("/^seen has ended: stopped/.test(document.getElementById('experiment-lead').textContent)");
    }

    private static void askForAnswers(String at, int users) throws IOException, InterruptedException {
        HttpProbe server = new HttpProbe(at);
        for (int user = 0; user < users; user++) {
            assertThat(server.send(server.request("/v1/recall?k=5&user=u" + user)
                                    .header("Authorization", "Bearer of-a-reader"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    /** A button that is replaced loses the focus. */
    private static void figuresOfAGenerationChangeBesideItsButton(Chromium browser, String generation)
            throws IOException {
        String row = "[...document.querySelectorAll('#generations-table tr')].find(row => row.textContent.startsWith('"
                + generation + "')).textContent";
        browser.evaluate("document.querySelector('#orders .choices button').id = 'the-same'");
        browser.evaluate("globalThis.shownRow = " + row);
        browser.awaitTrue(row + " !== globalThis.shownRow");
        shows(browser, "document.getElementById('the-same') !== null");
    }

    /** Reaches the button by the tabulator, and opens its dialog. Returns what that says. */
    private static String openOrder(Chromium browser) throws IOException {
        browser.evaluate("document.querySelector('#generations .scroll').focus()");
        browser.press("Tab", "", 9);
        shows(browser, "document.activeElement.closest('#orders .choices') !== null");
        browser.press("Enter", "\r", 13);
        browser.awaitTrue("document.getElementById('order').open && document.activeElement.id === 'order-cancel'");
        return browser.evaluate("document.getElementById('order').textContent").asText();
    }

    private static void confirm(Chromium browser) throws IOException {
        browser.press("Tab", "", 9);
        browser.awaitTrue("document.activeElement.id === 'order-go'");
        browser.press("Enter", "\r", 13);
        browser.awaitTrue("!document.getElementById('order').open");
    }

    private static void signIn(Chromium browser, String address, String token) throws IOException {
        browser.open(address, 900, HEIGHT, false);
        browser.awaitTrue("document.getElementById('sign-in').open");
        browser.type(token);
        browser.press("Enter", "\r", 13);
        browser.awaitTrue(ANSWERING);
        browser.complaints().clear(); // the first answer was 401: so the page knew that it must ask
    }

    /** A server beside that of the demo. */
    private MillraceProcess serveWithTokens(String name, String... lines) throws IOException {
        Path tokens = Files.write(directory.resolve(name + ".tokens"), List.of(lines));
        return start(List.of("serve.port=0", "serve.state-dir=" + name, "serve.tokens.file=" + tokens), "serve");
    }

    /** A learner from the log beside that of the demo, with narrower towers. */
    private MillraceProcess anotherGeneration() throws IOException {
        return start(
                List.of(
                        "stream.application-id=shadow",
                        "stream.state-directory=shadow-state",
                        "stream.from-log.publish=true",
                        "train.http.port=-1",
                        "tower.dim=16",
                        "features.user.history.dim=16"),
                "train",
                "--from",
                "mini-batches");
    }

    private MillraceProcess start(List<String> settings, String... command) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--bootstrap-server", broker()));
        settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
        return MillraceProcess.start(directory, command[0] + "-" + processes++, arguments.toArray(String[]::new));
    }

    /** Writes a record past the demo's producer, as old as its first event: one that is newer than the exposures would wait for them. */
    private void send(String topic, String key, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker()), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, null, T0, key, value)).get();
        }
    }

    private String run(String... command) throws Exception {
        return ProgramCluster.ended(start(List.of(), command), 0);
    }

    private String broker() {
        return demo.orElseThrow().awaitOutput("broker +(\\S+)");
    }

    private static JsonNode ready(String address) throws Exception {
        return new HttpProbe(address).readiness();
    }

    /** Generations that can answer. */
    private static List<String> complete(String address) throws Exception {
        List<String> complete = new ArrayList<>();
        for (JsonNode each : ready(address).path("generations")) {
            if (each.path("complete").asBoolean()) {
                complete.add(each.path("generation").asText());
            }
        }
        return complete;
    }

    /** Whether a condition holds now. */
    private static void shows(Chromium browser, String condition) throws IOException {
        assertThat(browser.evaluate("Boolean(" + condition + ")").asBoolean())
                .as(condition)
                .isTrue();
    }

    /** Keeps what the window shows. */
    private static void picture(Chromium browser, String name) throws IOException {
        Files.createDirectories(SCREENSHOTS);
        Files.write(SCREENSHOTS.resolve(name + ".png"), browser.screenshot());
    }

    private static boolean isOnAnswer(Chromium browser) throws IOException {
        return browser.evaluate("Boolean(document.activeElement.dataset.item)").asBoolean();
    }

    /** A browser. Where there is none, the test is skipped; in CI it fails. */
    private Chromium browser() throws Exception {
        Optional<Path> installed = Chromium.installed();
        if (!System.getenv().containsKey("CI")) {
            assumeThat(installed)
                    .as("the page is not tested in a browser: no chromium is on the PATH (apt-get install chromium)")
                    .isPresent();
        }
        return Chromium.start(installed.orElseThrow(), Files.createTempDirectory(directory, "browser"));
    }

    private static String encoded(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpResponse<String> click(String json) throws Exception {
        return page().post("/v1/clicks", json);
    }

    private HttpProbe page() {
        return new HttpProbe(url);
    }
}
