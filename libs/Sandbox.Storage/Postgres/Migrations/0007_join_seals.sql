-- What closes the answer to whoever joins with the token; without one (an older token) nobody joins any more.
ALTER TABLE join_tokens ADD COLUMN seal_key bytea;
