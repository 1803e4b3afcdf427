/* report.h: what a training leaves for people, and who makes which part of it.
 *
 *     report_log.c       metrics.csv, metrics.jsonl, config.json
 *     answers.c          every sample of a part asked once: confusion matrix, the worst mistakes
 *     report_filters.c   filters of the first convolution, measured on the program: pictures.json; and as a section
 *     report_pictures.c  PNG: grey or coloured pictures, numbers as colours
 *     report_answers.c   sections: confusion matrix, worst mistakes
 *     report_audit.c     section: audit.txt as tables
 *     curves.c           learning curves as SVG
 *     report.c           the page, from these files alone, so that `check` can make it again
 *
 * Sections print themselves to a Text; what a run does not have is left out, or said with its reason. */
#ifndef GDL_RT_REPORT_H
#define GDL_RT_REPORT_H
#include "run.h"
#include "text.h"

/* report_pictures.c: a PNG of 8 bits; channels 1 grey, 3 RGB, 4 RGB and alpha. */
typedef struct Picture { uint8_t *at; int32_t height, width, channels; } Picture;
bool rt_png(const Picture *p, Text *o);                      /* the file, in base64                        */
void rt_png_image(Text *o, const char *base64, const char *alt, int32_t height, int32_t width);   /* an <img>    */
/* Numbers as colours: 1 channel: blue below 0, orange above, as opaque as |x| / most; 3: grey at 0. */
bool rt_paint_signed(const double *x, int32_t height, int32_t width, int32_t channels, double most, Text *o);

/* report_filters.c: what `filters` of pictures.json holds, or {"none": reason}. */
json_t *rt_filters(Run *r);
void rt_write_filters(Text *o, const json_t *filters);

/* answers.c. Worst: of labels the wrong answers that gave least to the truth; of numbers those furthest from it. */
enum { MISTAKES_MOST = 24, LABELS_MOST = 256, NUMBERS_SHOWN = 4 };
typedef enum Judged { JUDGED_NOT, JUDGED_LABEL, JUDGED_NUMBERS } Judged;
typedef struct Mistake {
  uint32_t sample;                  /* its number in the files of its part                           */
  int32_t truth, said;              /* labels                                                        */
  double loss, share[2];            /* -log of the probability of the truth, or |x - y|^2; of truth and said */
  double numbers[2][NUMBERS_SHOWN]; /* of truth and said, where they are not labels                  */
  float *picture;                   /* [height][width][channels]                                     */
} Mistake;
typedef struct Answers {
  const char *part;                 /* "test", "valid", "data"                                       */
  Judged judged;
  const gdl_arg *target, *output, *image;            /* image: the input that is a picture; NULL: none    */
  int64_t samples, wrong;
  int32_t n;                        /* labels of the confusion matrix; 0: none, or too many          */
  int64_t *count;                   /* [truth * n + said]                                            */
  Mistake worst[MISTAKES_MOST];     /* the worst first                                               */
  int32_t nworst, height, width, channels;
} Answers;
bool rt_answers(Run *r, const Samples *s, const uint32_t *index, int64_t n, Answers *a, Trouble *t);
void rt_answers_close(Answers *a);
json_t *rt_mistakes(const Answers *a, Trouble *t);           /* `mistakes` of pictures.json; NULL: trouble   */
const gdl_arg *rt_labelled(const gdl_module *m);             /* the target that is one label a sample; NULL  */

/* report_answers.c: sections. */
void rt_write_confusion(Text *o, const gdl_module *m, const json_t *config);
void rt_write_mistakes(Text *o, const gdl_module *m, const json_t *mistakes);

/* report_audit.c */
typedef enum AuditSays { AUDIT_NONE, AUDIT_FINE, AUDIT_FAILED } AuditSays;
AuditSays rt_audit_said(const char *text);                   /* of audit.txt; NULL: it was not run         */
void rt_write_audit(Text *o, const char *text, const char *command);

/* report_style.c: CSS, in pieces; NULL at the end. And tables: a cell begins a row, or ends the cell before it; what is
 * printed until the next one is what it holds. `class`: of the cell, "" for none. Heads of columns, all in one text:
 * "layer|>weights|-word", > of numbers, - left out on a phone. A table that may be wider than a phone is a region that
 * scrolls; its heads stand open until rt_open_rows. */
void rt_cell(Text *o, const char *class);
void rt_styled_cell(Text *o, const char *class, const char *style);
void rt_row_head(Text *o, const char *class);
void rt_column_head(Text *o, const char *class);
void rt_end_row(Text *o);
void rt_heads(Text *o, const char *heads);
void rt_open_heads(Text *o, const char *label, const char *class, const char *heads);    /* class: of all of it     */
void rt_open_rows(Text *o);
void rt_open_table(Text *o, const char *label, const char *heads);                       /* the two together        */
void rt_close_table(Text *o);
extern const char *const rt_report_style[];

/* report_log.c */
typedef struct Log { Text csv, jsonl; } Log;
bool rt_log_open(Log *l, const gdl_module *m, const char *folder, int64_t epochs_kept, Trouble *t);
bool rt_log_add(Log *l, const Run *r, const char *folder, double rate, const double *train, const double *valid,
                double seconds, double speed, Trouble *t);
void rt_log_close(Log *l);
typedef struct Facts {              /* of a training                                                 */
  const char *ended;                /* "running", "ended after 5 epochs", "stopped early, ..."       */
  const double *test;               /* scores; NULL: no test data                                    */
  const Answers *answers;
  int64_t ntrain, nvalid, ntest;
  double speed;                     /* samples a second                                              */
  long memory;                      /* peak, in KiB                                                  */
  size_t workspace;                 /* of a step, in bytes                                           */
} Facts;
bool rt_config_write(const Run *r, const char *folder, const Facts *f, Trouble *t);      /* config.json   */
bool rt_pictures_write(Run *r, const char *folder, const Answers *a, Trouble *t);        /* pictures.json */
json_t *rt_number(double x);                                 /* null where x is not finite                 */
double rt_real_of(const json_t *x);                          /* NAN where it is no number, or not there    */
double rt_real_at(const json_t *o, const char *key);
int64_t rt_count_at(const json_t *o, const char *key);       /* 0 where there is none                      */
const char *rt_text_at(const json_t *o, const char *key);    /* "" where there is none                     */
json_t *rt_read_json(const char *folder, const char *name, bool lines);   /* NULL: there is none               */
bool rt_write_text(const char *folder, const char *name, const Text *o, Trouble *t);
#endif
