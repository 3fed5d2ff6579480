// Asks one question at a time: while an answer is on its way only the newest question waits, and no answer overtakes.

export class Latest<Question, Answer> {
  private busy = false;
  private next: { question: Question } | null = null;

  constructor(
    private readonly ask: (question: Question) => Promise<Answer>,
    private readonly done: (question: Question, answer: Answer) => void,
    private readonly failed: (question: Question, error: unknown) => void,
  ) {}

  /** Ask, now or once the answer on its way is there. */
  put(question: Question): void {
    this.next = { question };
    if (!this.busy) void this.run();
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.next) {
      const { question } = this.next;
      this.next = null;
      try {
        this.done(question, await this.ask(question));
      } catch (error) {
        if (!this.next) this.failed(question, error);
      }
    }
    this.busy = false;
  }
}
