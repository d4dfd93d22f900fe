-- finds: isCut (replay only)
DO $$ BEGIN
  CREATE TABLE customers_who_asked_for_a_copy_of_their_data_under_article_fifteen (id bigint PRIMARY KEY);
END $$;
