package dev.millrace.serve;

import java.nio.ByteBuffer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.content.ByteBufferContentSource;
import org.eclipse.jetty.server.Request;

/** A request whose body is in memory. */
final class WholeRequest extends Request.Wrapper {

    private final Content.Source body;
    private final int length;

    WholeRequest(Request request, byte[] body) {
        super(request);
        this.body = new ByteBufferContentSource(ByteBuffer.wrap(body));
        this.length = body.length;
    }

    @Override
    public long getLength() {
        return length;
    }

    @Override
    public Content.Chunk read() {
        return body.read();
    }

    @Override
    public void demand(Runnable whenThereIsMore) {
        body.demand(whenThereIsMore);
    }

    @Override
    public void fail(Throwable failure) {
        body.fail(failure);
    }

    @Override
    public boolean consumeAvailable() {
        if (length > 0) {
            body.fail(new IllegalStateException("the rest of the body is not needed"));
        }
        return true;
    }
}
