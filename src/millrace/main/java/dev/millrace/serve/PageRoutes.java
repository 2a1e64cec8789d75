package dev.millrace.serve;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.IndexedItem;
import dev.millrace.page.ItemMap;
import dev.millrace.page.LatestLetters;
import dev.millrace.page.LivePage;
import dev.millrace.recall.ServedGeneration;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The page of the server over HTTP: its files, its figures, and what a visitor may try. docs/page.md describes it.
 *
 * <p>Texts of topics reach the page as JSON only. The page may load nothing from elsewhere, and run no script but its own.
 */
final class PageRoutes {

    static final String CLICKS = "/v1/clicks";
    static final String FILES = "/page/";
    static final String MAP = "/v1/map";
    static final String SERIES = "/v1/series";

    private static final String CONTENT_SECURITY = "default-src 'none'; script-src 'self'; style-src 'self'; "
            + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final int MOST_HISTORY = 50;
    private static final int ACCEPTED = 202;
    private static final int UNSUPPORTED_TYPE = 415;

    private final LivePage page;
    private final LiveStream live;

    PageRoutes(LivePage page, LiveStream live) {
        this.page = page;
        this.live = live;
    }

    void addTo(JavalinConfig config) {
        HttpSetup.get(config, "/", plain(request -> file(request, "index.html")));
        HttpSetup.get(config, FILES + "{name}", plain(request -> file(request, request.pathParam("name"))));
        HttpSetup.get(config, LiveStream.PATH, plain(request -> {
            throw unavailable(
                    "the page may have " + live.maxListeners() + " listeners at once, a 32nd of serve.max-connections");
        }));
        HttpSetup.get(config, SERIES, plain(request -> HttpSetup.json(request, 200, page.series())));
        HttpSetup.get(config, MAP, plain(request -> HttpSetup.json(request, 200, map())));
        HttpSetup.get(config, "/v1/dead-letters", plain(this::letters));
        HttpSetup.get(config, "/v1/users/<user>", plain(request -> HttpSetup.json(request, 200, user(request))));
        page.clicks()
                .ifPresent(sender -> config.routes.post(CLICKS, plain(request -> {
                    if (!HttpSetup.JSON.equals(
                            request.contentType())) { // other pages can send this type only if they are let
                        throw new RefusedRequestException(
                                Problem.of(UNSUPPORTED_TYPE, "the Content-Type must be " + HttpSetup.JSON));
                    }
                    Given click = Given.body(request);
                    click.requireKnown(Set.of("user", "item", "action"));
                    String user = click.id("user");
                    String item = click.id("item");
                    String action = click.choice("action", sender.actions());
                    long time = sender.send(user, item, action)
                            .orElseThrow(() -> unavailable("no event has been sent yet"));
                    HttpSetup.json(request, ACCEPTED, Map.of("user", user, "item", item, "time", time));
                })));
    }

    /** A route without parameters in its query. */
    private static Handler plain(Handler handler) {
        return request -> {
            Given.requireNoQuery(request);
            handler.handle(request);
        };
    }

    private static RefusedRequestException unavailable(String detail) {
        return new RefusedRequestException(Problem.of(HttpSetup.SERVICE_UNAVAILABLE, detail));
    }

    /** A file whose copy a browser keeps, and asks for again each time. */
    private static void file(Context request, String name) {
        PageFile file = Optional.ofNullable(PageFile.BY_NAME.get(name))
                .orElseThrow(() -> new RefusedRequestException(Problem.of(404, Problem.detail(404, ""))));
        if (file.tag().equals(request.header("If-None-Match"))) {
            HttpSetup.write(request, 304, file.contentType(), new byte[0]);
        } else {
            HttpSetup.write(request, 200, file.contentType(), file.bytes());
        }
        request.header("Cache-Control", "no-cache")
                .header("ETag", file.tag())
                .header("Content-Security-Policy", CONTENT_SECURITY)
                .header("Referrer-Policy", "no-referrer");
    }

    /** The map as columns: an item, its place, and its attributes. */
    private Map<String, Object> map() {
        ItemMap.Drawn map = page.map()
                .drawn()
                .orElseThrow(() -> unavailable("no map is drawn yet, or no generation with items answers"));
        List<IndexedItem> items = map.points().stream().map(ItemMap.Point::item).toList();
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("generation", map.generation());
        columns.put("items", map.items());
        columns.put("item", items.stream().map(IndexedItem::item).toList());
        columns.put("x", map.points().stream().map(ItemMap.Point::x).toList());
        columns.put("y", map.points().stream().map(ItemMap.Point::y).toList());
        int halfLife = page.state()
                .engine()
                .generation(map.generation())
                .map(served -> served.encoder().prior().halfLife())
                .orElse(0);
        columns.put(
                "popularity",
                items.stream().map(item -> item.popularity(halfLife)).toList());
        columns.put("attributes", items.stream().map(IndexedItem::attributes).toList());
        Set<String> names = new TreeSet<>();
        items.forEach(item -> names.addAll(item.attributes().values().keySet()));
        columns.put("names", names);
        return columns;
    }

    /** The latest dead letters. Who asks while they are read is told to ask again: no thread of the server waits for brokers. */
    private void letters(Context request) {
        Optional<LatestLetters.Found> found = page.letters().latest();
        HttpSetup.json(
                request,
                found.isPresent() ? 200 : ACCEPTED,
                found.map(PageRoutes::letters).orElse(Map.of("reading", true)));
    }

    private static Map<String, Object> letters(LatestLetters.Found found) {
        Map<String, Object> letters = new LinkedHashMap<>();
        letters.put("at", found.at());
        letters.put("read", found.read());
        letters.put("whole", found.isWhole());
        letters.put("letters", found.letters());
        return letters;
    }

    /** What is known of a user, with the attributes of the items that the index has. */
    private UserBody user(Context request) {
        String id = Given.checkedId("user", request.pathParam("user"));
        Optional<UserFeatures> known = page.state().user(id);
        Optional<ServedGeneration> served = page.state().engine().served();
        List<Clicked> history = known.map(UserFeatures::history).orElse(List.of()).stream()
                .limit(MOST_HISTORY)
                .map(item -> new Clicked(
                        item,
                        served.flatMap(generation -> generation.index().item(item))
                                .map(IndexedItem::attributes)))
                .toList();
        return new UserBody(
                id, known.isPresent(), known.map(UserFeatures::time), known.map(UserFeatures::features), history);
    }

    private record UserBody(
            String user, boolean known, Optional<Long> time, Optional<Features> features, List<Clicked> history) {}

    private record Clicked(String item, Optional<Features> attributes) {}
}
