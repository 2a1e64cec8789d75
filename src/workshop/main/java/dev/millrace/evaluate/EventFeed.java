package dev.millrace.evaluate;

import dev.millrace.attribute.Attribution;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.train.Trainer;

/** Gives events to what takes them in the stream: items to a trainer, all else to an attribution. What that puts out goes where its output says. */
public record EventFeed(Attribution attribution, Trainer trainer) implements ReplayEvent.Visitor {

    @Override
    public void item(CatalogueItem item) {
        trainer.change(new CatalogueChange.Upsert(item));
    }

    @Override
    public void profile(UserProfile profile) {
        attribution.profile(profile);
    }

    @Override
    public void exposure(Exposure exposure) {
        attribution.expose(exposure);
    }

    @Override
    public void click(Click click) {
        attribution.click(click);
    }
}
