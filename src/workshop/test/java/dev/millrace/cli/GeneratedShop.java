package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a replay of the generated shop sends, told beforehand: the generator is seeded.
 *
 * @param sent events by input topic
 * @param items ids of the catalogue
 * @param clickedItemByUser an item that the user clicked
 */
record GeneratedShop(SortedMap<String, Long> sent, TreeSet<String> items, SortedMap<String, String> clickedItemByUser)
        implements ReplayEvent.Visitor {

    static final int ITEMS = 60;

    /** Options that make the shop. */
    static final List<String> OPTIONS = List.of("--set", "shop.items=" + ITEMS, "--set", "shop.users=100");

    /** A command that replays the shop as fast as the broker takes it. */
    static String[] replay(int events) {
        List<String> arguments =
                new ArrayList<>(List.of("replay", "--shop", "--events", "" + events, "--speed", "max"));
        arguments.addAll(OPTIONS);
        return arguments.toArray(String[]::new);
    }

    /** A command that runs a demo of the shop on ports of its own. */
    static String[] demo(String... more) {
        List<String> arguments = new ArrayList<>(List.of("demo", "--dir", "demo", "--set", "serve.port=0"));
        arguments.addAll(OPTIONS);
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    /** @param maxEvents exposures and clicks */
    static GeneratedShop of(long maxEvents) {
        MillraceSettings settings = MillraceSettings.load(
                List.of(), Map.of(), Map.of(), Map.of("shop.items", "" + ITEMS, "shop.users", "100"));
        GeneratedShop shop = new GeneratedShop(new TreeMap<>(), new TreeSet<>(), new TreeMap<>());
        try (Stream<ReplayEvent> events = new ShopGenerator(ShopSettings.read(settings.reader())).events(bad -> {})) {
            long number = 0;
            for (Iterator<ReplayEvent> each = events.iterator(); number < maxEvents && each.hasNext(); ) {
                ReplayEvent event = each.next();
                event.accept(shop);
                number += event.isInteraction() ? 1 : 0;
            }
        }
        return shop;
    }

    @Override
    public void item(CatalogueItem item) {
        sent.merge("items", 1L, Long::sum);
        items.add(item.item());
    }

    @Override
    public void profile(UserProfile profile) {
        sent.merge("users", 1L, Long::sum);
    }

    @Override
    public void exposure(Exposure exposure) {
        sent.merge("exposures", 1L, Long::sum);
    }

    @Override
    public void click(Click click) {
        sent.merge("clicks", 1L, Long::sum);
        clickedItemByUser.put(click.user(), click.item());
    }
}
